// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "house_rules.h"

using namespace thor::test;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

namespace {

// The breaches of `rule` in all sources of `folders`.
Breaches all(Breaches (*rule)(const SourceFile&), const std::vector<std::string>& folders) {
  const auto files = sources(THOR_SOURCE_DIR, folders);
  EXPECT_GT(files.size(), 10u) << "no sources found under " THOR_SOURCE_DIR;
  Breaches breaches;
  for (const auto& file : files) {
    const auto found = rule(file);
    breaches.insert(breaches.end(), found.begin(), found.end());
  }
  return breaches;
}

}  // namespace

TEST(Layering, RoomsIncludeDownwardsOnly) { EXPECT_THAT(all(wrong_includes, {"thor"}), IsEmpty()); }

TEST(Layering, HeadersOfInnerRoomsStayInTheirRoom) { EXPECT_THAT(all(private_includes, {"thor"}), IsEmpty()); }

TEST(Layering, ItkStaysInTheImageRoomAndHeadersStayLight) { EXPECT_THAT(all(foreign_includes, {"thor"}), IsEmpty()); }

TEST(Layering, HeadersPassJsonOnAsText) { EXPECT_THAT(all(json_in_headers, {"thor"}), IsEmpty()); }

TEST(Layering, TheLibraryNeverPrintsOrExits) { EXPECT_THAT(all(prints_or_exits, {"thor"}), IsEmpty()); }

TEST(Layering, MessagesOfTheLibraryNameSettingsNotOptions) { EXPECT_THAT(all(names_options, {"thor"}), IsEmpty()); }

TEST(Layering, EveryFileIsTidy) { EXPECT_THAT(all(untidy, {"thor", "tests", "bench"}), IsEmpty()); }

TEST(Layering, RefusesUpwardSidewaysAndUnknownIncludes) {
  EXPECT_THAT(wrong_includes({"thor/nn/unet.cpp", "#include \"thor/detect/detector.h\"\n"}),
              ElementsAre("thor/nn/unet.cpp:1: includes upwards: thor/detect/detector.h"));
  EXPECT_THAT(wrong_includes({"thor/nn/unet.cpp", "\n#  include <thor/image/image.h>\n"}),
              ElementsAre("thor/nn/unet.cpp:2: includes sideways: thor/image/image.h"));
  EXPECT_THAT(wrong_includes({"thor/train/a.cpp", "#include \"thor/eval/metrics.h\"\n"}), SizeIs(1));
  EXPECT_THAT(wrong_includes({"thor/cli/a.cpp", "#include \"thor/cellar/wine.h\"\n"}), SizeIs(1));
  EXPECT_THAT(wrong_includes({"thor/cellar/wine.cpp", ""}), SizeIs(1));
}

TEST(Layering, AllowsDownwardOwnAndForeignIncludes) {
  EXPECT_THAT(
      wrong_includes({"thor/report/page.cpp",
                      "#include \"thor/report/page.h\"\n#include \"thor/eval/metrics.h\"\n#include <vector>\n"}),
      IsEmpty());
}

TEST(Layering, RefusesPrivateHeadersOfInnerRoomsElsewhere) {
  EXPECT_THAT(private_includes({"thor/data/a.cpp", "#include \"thor/image/dicom/dicom_parse.h\"\n"}),
              ElementsAre("thor/data/a.cpp:1: includes a private header of image/dicom: dicom_parse.h"));
  EXPECT_THAT(private_includes({"thor/data/a.cpp", "#include \"thor/image/cellar/wine.h\"\n"}), SizeIs(1));
  EXPECT_THAT(private_includes({"thor/image/cellar/wine.cpp", ""}), SizeIs(1));
  EXPECT_THAT(private_includes({"thor/data/a.cpp", "#include \"thor/image/register/registration.h\"\n"}), IsEmpty());
  EXPECT_THAT(private_includes({"thor/image/read.cpp", "#include \"thor/image/dicom/dicom_parse.h\"\n"}), IsEmpty());
}

TEST(Layering, RefusesTheUNetWhereTheTableOfArchitecturesIsTheDoor) {
  EXPECT_THAT(private_includes({"thor/train/a.cpp", "#include \"thor/nn/unet.h\"\n"}),
              ElementsAre("thor/train/a.cpp:1: includes thor/nn/unet.h, expected thor/nn/architecture.h"));
  EXPECT_THAT(private_includes({"thor/nn/a.cpp", "#include \"thor/nn/unet.h\"\n"}), IsEmpty());
}

TEST(Layering, RefusesItkElsewhereAndHeavyHeaders) {
  EXPECT_THAT(foreign_includes({"thor/data/split.cpp", "#include <itkImage.h>\n"}), SizeIs(1));
  EXPECT_THAT(foreign_includes({"thor/image/image.h", "#include <itkImage.h>\n"}), SizeIs(1));
  EXPECT_THAT(foreign_includes({"thor/image/image.h", "#include \"thor/image/register/itk.h\"\n"}), SizeIs(1));
  EXPECT_THAT(foreign_includes({"thor/data/split.cpp", "#include \"thor/image/register/itk.h\"\n"}), SizeIs(1));
  EXPECT_THAT(foreign_includes({"thor/image/dicom.h", "#include <dcmtk/dcmdata/dctk.h>\n"}), SizeIs(1));
  EXPECT_THAT(foreign_includes({"thor/data/split.cpp", "#include <gdcmReader.h>\n"}), SizeIs(1));
  EXPECT_THAT(foreign_includes({"thor/nn/unet.h", "#include <ATen/ATen.h>\n"}), SizeIs(1));
  EXPECT_THAT(foreign_includes({"thor/image/image.cpp", "#include <itkImage.h>\n#include <ATen/ATen.h>\n"}), IsEmpty());
}

TEST(Layering, RefusesAJsonLibraryInHeadersAboveTheNetworks) {
  EXPECT_THAT(json_in_headers({"thor/eval/map_set.h", "#include <nlohmann/json.hpp>\n"}),
              ElementsAre(HasSubstr("thor/eval/map_set.h:1")));
  EXPECT_THAT(json_in_headers({"thor/data/summary.h", "#include <nlohmann/json_fwd.hpp>\n"}), SizeIs(1));
  EXPECT_THAT(json_in_headers({"thor/eval/map_set.cpp", "#include <nlohmann/json.hpp>\n"}), IsEmpty());
  EXPECT_THAT(json_in_headers({"thor/base/json_text.h", "#include <nlohmann/json_fwd.hpp>\n"}), IsEmpty());
}

TEST(Layering, RefusesPrintingAndExitingOutsideTheCommandLine) {
  EXPECT_THAT(prints_or_exits({"thor/nn/a.cpp", "std::cerr << 1;\n"}), ElementsAre(HasSubstr("std::cerr")));
  EXPECT_THAT(prints_or_exits({"thor/nn/a.cpp", "  std::exit(1);\n"}), SizeIs(1));
  EXPECT_THAT(prints_or_exits({"thor/nn/a.cpp", "printf(\"x\");\n"}), SizeIs(1));
  EXPECT_THAT(prints_or_exits({"thor/nn/a.cpp", "x;  // exit(1) is for the command line\nsnprintf(b, n, f);\n"}),
              IsEmpty());
  EXPECT_THAT(prints_or_exits({"thor/cli/main.cpp", "std::cerr << 1;\n"}), IsEmpty());
}

TEST(Layering, RefusesOptionsInMessagesOutsideTheCommandLine) {
  EXPECT_THAT(names_options({"thor/train/trainer.cpp", "fail_usage(\"go on with --resume\");\n"}),
              ElementsAre(HasSubstr("thor/train/trainer.cpp:1")));
  EXPECT_THAT(names_options({"thor/train/trainer.cpp", "fail_usage(\"go on with `resume`\");  // --resume\n"}),
              IsEmpty());
  EXPECT_THAT(names_options({"thor/image/dicom/a.cpp", "fail_input(\"convert it with gdcmconv --raw\");\n"}),
              IsEmpty());
  EXPECT_THAT(names_options({"thor/cli/a.cpp", "fail_usage(\"give --model\");\n"}), IsEmpty());
}

TEST(Layering, RefusesLongUnlicensedAndUnfinishedFiles) {
  const std::string spdx = "// SPDX-License-Identifier: Apache-2.0\n";
  std::string longest = spdx;
  for (int line = 1; line < kMaxLines; ++line) longest += "x\n";
  EXPECT_THAT(untidy({"thor/nn/a.cpp", longest}), IsEmpty());
  EXPECT_THAT(untidy({"thor/nn/a.cpp", longest + "x\n"}), ElementsAre(HasSubstr("longer than")));
  EXPECT_THAT(untidy({"thor/nn/a.cpp", "int a;\n"}), ElementsAre(HasSubstr("SPDX")));
  EXPECT_THAT(untidy({"thor/nn/a.cpp", spdx + "// TO"
                                              "DO: later\n"}),
              ElementsAre(HasSubstr("undone")));
  EXPECT_THAT(untidy({"thor/nn/utils.h", spdx}), SizeIs(1));
}
