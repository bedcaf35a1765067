// SPDX-License-Identifier: Apache-2.0
#include "thor/data/boxes.h"

#include <gmock/gmock.h>

#include "tests/support.h"
#include "thor/base/error.h"
#include "thor/base/file.h"
#include "thor/data/preprocess.h"
#include "thor/image/image.h"

namespace thor::test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

const std::string kHeader = "image,xmin,ymin,xmax,ymax,label\n";

/// An annotation with one object, as text.
std::string annotation(const std::string& object, const std::string& size = "<size/>") {
  return "<?xml version=\"1.0\"?>\n<annotation>\n <filename>\n  x.png\n </filename>" + size + object + "</annotation>";
}
std::string object(const std::string& edges, const std::string& name = "fracture") {
  return "<object><name>\n  " + name + "\n</name><bndbox>" + edges + "</bndbox></object>";
}
const std::string kEdges = "<xmax>\n 40\n</xmax><xmin>30</xmin><ymax>8.5</ymax><ymin>2</ymin>";

template <class F>
std::string refusal(F&& work) {
  try {
    work();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::Input);
    return error.what();
  }
  return "no error";
}

class Boxes : public testing::Test {
 protected:
  BoxTable csv(const std::string& rows) {
    write_text_atomically(folder_ / "boxes.csv", rows);
    return read_boxes(folder_ / "boxes.csv");
  }
  TemporaryFolder folder_;
};

TEST_F(Boxes, OfOneImageMayStandInSeveralRows) {
  const BoxTable table = csv(kHeader + "a.png,1,2,3,4,metal\nb.png,0,0,5,5,\na.png,5,6,7.5,8,fracture\n");
  ASSERT_EQ(table.images.size(), 2u);
  EXPECT_EQ(table.images[0].name, "a.png");
  ASSERT_EQ(table.images[0].boxes.size(), 2u);
  EXPECT_EQ(table.images[0].boxes[1].x_max, 7.5);
  EXPECT_EQ(table.images[0].boxes[1].label, "fracture");
  EXPECT_EQ(table.images[1].boxes[0].label, "unlabelled");
  EXPECT_THAT(table.refused, IsEmpty());
}

TEST_F(Boxes, ARowWithoutCoordinatesIsAHealthyImage) {
  const BoxTable table = csv(kHeader + "a.png,,,,,\nb.png,1,1,2,2,metal\n");
  ASSERT_EQ(table.images.size(), 2u);
  EXPECT_THAT(table.images[0].boxes, IsEmpty());
}

TEST_F(Boxes, RefuseTheImageAndNotTheTable) {
  const BoxTable table =
      csv(kHeader +
          "inverted.png,9,1,2,2,metal\nempty.png,1,1,1,2,metal\nword.png,1,1,x,2,metal\n"
          "partly.png,1,1,5,5,metal\npartly.png,1,,5,5,metal\nboth.png,,,,,\nboth.png,1,1,2,2,metal\n"
          "far.png,1,1,2,1e8,metal\ngood.png,1,1,2,2,metal\n");
  ASSERT_EQ(table.images.size(), 1u);
  EXPECT_EQ(table.images[0].name, "good.png");
  std::map<std::string, std::string> why;
  for (const auto& remark : table.refused) why[remark.name] = remark.text;
  EXPECT_EQ(why.size(), 6u);
  EXPECT_THAT(why["inverted.png"], AllOf(HasSubstr("line 2"), HasSubstr("inverted"), HasSubstr("x 9 to 2")));
  EXPECT_THAT(why["empty.png"], HasSubstr("empty"));
  EXPECT_THAT(why["word.png"], HasSubstr("xmax is 'x'"));
  EXPECT_THAT(why["partly.png"], HasSubstr("ymin is ''"));
  EXPECT_THAT(why["both.png"], HasSubstr("line 7 says that it is healthy"));
  EXPECT_THAT(why["far.png"], HasSubstr("beyond"));
}

TEST_F(Boxes, RefuseATableThatIsNone) {
  EXPECT_THAT(refusal([&] { csv("image,mask\na.png,b.png\n"); }),
              AllOf(HasSubstr("columns found: image, mask"), HasSubstr("boxes.csv")));
  EXPECT_THAT(refusal([&] { csv(kHeader); }), HasSubstr("one row per box"));
  EXPECT_THAT(refusal([&] { csv(kHeader + ",1,1,2,2,metal\n"); }), HasSubstr("line 2 names no image"));
  EXPECT_THAT(refusal([&] { csv(kHeader + "a.png,3,1,2,2,metal\n"); }), HasSubstr("none of its 1 images"));
  EXPECT_THAT(refusal([&] { read_boxes(folder_.path()); }), HasSubstr("no annotations"));
}

TEST_F(Boxes, OfAFolderBelongToTheImagesWithTheStemsOfTheAnnotations) {
  write_text_atomically(folder_ / "b.xml", annotation(object(kEdges)));
  write_text_atomically(folder_ / "a.xml", annotation(""));
  write_text_atomically(folder_ / "broken.xml", "<annotation>");
  const BoxTable table = read_boxes(folder_.path());
  ASSERT_EQ(table.images.size(), 2u);
  EXPECT_EQ(table.images[0].name, "a");
  EXPECT_EQ(table.images[1].name, "b");
  EXPECT_EQ(table.images[1].image, folder_ / "b.xml");
  ASSERT_EQ(table.notes.size(), 1u);
  EXPECT_THAT(table.notes[0].text, HasSubstr("healthy"));
  ASSERT_EQ(table.refused.size(), 1u);
  EXPECT_EQ(table.refused[0].name, "broken");
  EXPECT_EQ(read_boxes(folder_ / "b.xml").images[0].boxes.size(), 1u);
}

TEST(PascalVoc, GivesEdgesInAnyOrderAndWithSpacesAroundThem) {
  const BoxedImage image = parse_voc(annotation(object(kEdges) + object(kEdges, "metal")), "x");
  ASSERT_EQ(image.boxes.size(), 2u);
  EXPECT_THAT(
      (std::vector<double>{image.boxes[0].x_min, image.boxes[0].y_min, image.boxes[0].x_max, image.boxes[0].y_max}),
      ElementsAre(30, 2, 40, 8.5));
  EXPECT_EQ(image.boxes[0].label, "fracture");
  EXPECT_EQ(image.boxes[1].label, "metal");
  EXPECT_EQ(image.width, 0);
}

TEST(PascalVoc, RefusesWhatIsNoAnnotation) {
  const auto story = [](const std::string& xml) { return refusal([&] { parse_voc(xml, "x"); }); };
  EXPECT_THAT(story("no xml"), HasSubstr("not valid XML"));
  EXPECT_THAT(story("<page/>"), HasSubstr("<annotation>"));
  EXPECT_THAT(story(annotation("<object><name>a</name></object>")), HasSubstr("<bndbox>"));
  EXPECT_THAT(story(annotation(object("<xmin>3</xmin>"))), HasSubstr("ymin is ''"));
  EXPECT_THAT(story(annotation(object(kEdges, std::string(65, 'x')))), HasSubstr("label"));
}

TEST(PascalVoc, RefusesDocumentTypesAndDeepNesting) {
  const auto story = [](const std::string& xml) { return refusal([&] { parse_voc(xml, "x"); }); };
  EXPECT_THAT(story("<!DOCTYPE a [<!ENTITY b \"c\">]><annotation/>"), HasSubstr("DOCTYPE"));
  std::string deep;
  for (int i = 0; i < 100000; ++i) deep += "<a>";
  for (int i = 0; i < 100000; ++i) deep += "</a>";
  EXPECT_THAT(story("<annotation>" + deep + "</annotation>"), HasSubstr("nested deeper"));
}

TEST(FittedBoxes, AreCutToTheImageWithANoteAndRefusedOutsideOfIt) {
  BoxedImage image;
  image.name = "a.png";
  image.boxes = {{-5, 2, 10, 30, "metal"}, {1, 1, 2, 2, "metal"}};
  std::vector<BoxRemark> notes;
  const auto boxes = fit_boxes(image, 20, 8, notes);
  EXPECT_THAT((std::vector<double>{boxes[0].x_min, boxes[0].y_min, boxes[0].x_max, boxes[0].y_max}),
              ElementsAre(0, 2, 8, 20));
  ASSERT_EQ(notes.size(), 1u);
  EXPECT_THAT(notes[0].text, HasSubstr("cut to the image's 8 x 20"));
  EXPECT_THAT(refusal([&] { fit_boxes(image, 2, 1, notes); }), HasSubstr("outside the image of 1 x 2"));
  image.width = 9;
  image.height = 20;
  EXPECT_THAT(refusal([&] { fit_boxes(image, 20, 8, notes); }), HasSubstr("for an image of 9 x 20"));
}

TEST(BoxMask, HoldsThePixelsWhoseCentresAreInAnyBox) {
  const at::Tensor mask = box_mask({{0, 0, 2, 1, "a"}, {1.4, 0.6, 2.6, 2, "b"}}, 3, 4);
  const at::Tensor expected = at::tensor({1, 1, 0, 0, 0, 1, 1, 0, 0, 0, 0, 0}).view({3, 4}).to(at::kBool);
  EXPECT_TRUE(mask.equal(expected)) << mask;
}

TEST(BoxMask, NeverLosesABox) {
  EXPECT_EQ(box_mask({{1.6, 1.6, 1.7, 1.7, "a"}}, 4, 4).nonzero().to(at::kInt).equal(at::tensor({1, 1}).view({1, 2})),
            true);
  EXPECT_EQ(box_mask({{3.9, 0, 4, 0.1, "a"}}, 4, 4).sum().item<int64_t>(), 1);
}

TEST(BoxOnNetworkGrid, CoversWhatTheMaskOfTheSameBoxCovers) {
  for (const auto& [height, width] : {std::pair<int64_t, int64_t>{966, 649}, {61, 90}, {128, 128}, {233, 197}}) {
    const Box box{11, 20, 45, 59, "a"};
    const at::Tensor native = box_mask({box}, height, width).to(at::kFloat);
    const at::Tensor there = box_mask({box_on_network_grid(box, height, width, 64)}, 64, 64).to(at::kFloat);
    EXPECT_EQ(max_abs_diff(there, mask_to_network_grid(native, 64)), 0) << height << " x " << width;
  }
}

TEST(RealAnnotation, IsReadAsItsAuthorsDrewIt) {
  const std::string file = shared_dir() + "/data/xray/wrist/0003_0662359226_01_WRI-R1_M011.xml";
  if (!std::filesystem::exists(file)) GTEST_SKIP() << "no real X-rays at " << file;
  const BoxTable table = read_boxes(file);
  ASSERT_EQ(table.images.size(), 1u);
  const auto& boxes = table.images[0].boxes;
  ASSERT_EQ(boxes.size(), 3u);
  EXPECT_EQ(boxes[0].label, "text");
  EXPECT_EQ(boxes[2].label, "fracture");
  EXPECT_EQ(boxes[2].y_max, 777);
  std::vector<BoxRemark> notes;
  EXPECT_EQ(fit_boxes(table.images[0], 1130, 704, notes).size(), 3u);
  EXPECT_THAT(notes, IsEmpty());
}

}  // namespace
}  // namespace thor::test
