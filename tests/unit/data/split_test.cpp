// SPDX-License-Identifier: Apache-2.0
#include "thor/data/split.h"

#include <gmock/gmock.h>

#include <filesystem>

#include "tests/support.h"
#include "thor/base/error.h"
#include "thor/base/file.h"
#include "thor/data/csv.h"

namespace thor {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

std::vector<std::string> cells(const std::string& text) { return parse_csv(text).at(0).cells; }

template <class F>
std::string message(F&& work) {
  try {
    work();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::Input);
    return error.what();
  }
  return "no error";
}

/// A folder with csv/list.csv and the given (empty) image files beside it.
class Split : public testing::Test {
 protected:
  void touch(const std::string& name) {
    make_folder(std::filesystem::path(folder_ / name).parent_path().string());
    write_text_atomically(folder_ / name, "x");
  }
  std::vector<SplitRow> read(const std::string& text) {
    make_folder(folder_ / "csv");
    write_text_atomically(folder_ / "csv/list.csv", text);
    return read_split(folder_ / "csv/list.csv");
  }
  test::TemporaryFolder folder_;
};

TEST(Csv, KeepsCommasQuotesAndLineEndsInsideQuotes) {
  EXPECT_THAT(cells("a,\"b,\"\"c\"\"\nd\", \" e \" ,f"), ElementsAre("a", "b,\"c\"\nd", " e ", "f"));
}

TEST(Csv, CountsLinesThroughQuotesAndEveryLineEnd) {
  const auto records = parse_csv("\xEF\xBB\xBFh\r\n\"two\nlines\"\r\n\r\n ,, \nlast\r\n\n");
  ASSERT_EQ(records.size(), 3u);
  EXPECT_THAT(records[0].cells, ElementsAre("h"));
  EXPECT_EQ(records[1].line, 2);
  EXPECT_EQ(records[2].line, 6);
  EXPECT_THAT(records[2].cells, ElementsAre("last"));
}

TEST(Csv, WrittenCellsReadBackUnchanged) {
  for (const std::string text : {"plain", "a,b", "say \"x\"", " spaced ", "two\nlines", "ü"})
    EXPECT_THAT(cells(csv_cell(text) + ",end"), ElementsAre(text, "end"));
}

TEST(Csv, RefusesWhatIsNotText) {
  EXPECT_THAT(message([] { parse_csv("a\nb\xFF"); }), HasSubstr("line 2 is not UTF-8"));
  EXPECT_THAT(message([] { parse_csv(std::string("a\0b", 3)); }), HasSubstr("not UTF-8"));
  EXPECT_THAT(message([] { parse_csv("\xC0\xAF"); }), HasSubstr("not UTF-8"));
  EXPECT_THAT(message([] { parse_csv("a\xE2\x82"); }), HasSubstr("not UTF-8"));
  EXPECT_THAT(message([] { parse_csv("a\n\"b"); }), HasSubstr("opened on line 2 never closes"));
  EXPECT_THAT(message([] { parse_csv("\"a\" b"); }), HasSubstr("after a closing quote"));
}

TEST_F(Split, FindsFilesWhoseNamesAreNotUtf8) {
  touch("csv/M\xfcller.png");
  for (const std::string written : {"M\xfcller.png", "M\\xfcller.png"}) {
    const auto rows = read("image\n" + written + "\n");
    ASSERT_EQ(rows.size(), 1u);
    EXPECT_EQ(rows[0].image, folder_ / "csv/M\xfcller.png");
  }
  EXPECT_THAT(message([&] { read("image\nMaier\xfc.png\n"); }), HasSubstr("line 2: the name is not UTF-8"));
}

TEST_F(Split, FindsFilesBesideTheCsvThenInTheFolderAbove) {
  touch("csv/a b.png");
  touch("png/ü.png");
  touch("masks/m.png");
  const auto rows = read("\xEF\xBB\xBFother,Image,mask,group\r\n1,a b.png,,\r\n2,png/ü.png,masks/m.png,small\r\n\r\n");
  ASSERT_EQ(rows.size(), 2u);
  EXPECT_EQ(rows[0].image, folder_ / "csv/a b.png");
  EXPECT_EQ(rows[0].mask, "");
  EXPECT_EQ(rows[0].line, 2);
  EXPECT_EQ(rows[1].image, folder_ / "png/ü.png");
  EXPECT_EQ(rows[1].mask, folder_ / "masks/m.png");
  EXPECT_EQ(rows[1].group, "small");
  EXPECT_EQ(rows[1].name, "png/ü.png");
}

TEST_F(Split, TakesThePublishedListsAsTheyAre) {
  touch("png/x.png");
  EXPECT_EQ(read("filename\npng/x.png\n").at(0).image, folder_ / "png/x.png");
  EXPECT_EQ(read("path\n" + folder_ / "png/x.png" + "\n").at(0).image, folder_ / "png/x.png");
}

TEST_F(Split, SaysWhatIsWrongAndWhere) {
  touch("a.png");
  touch("b.png");
  EXPECT_THAT(message([&] { read("file;mask\na.png;"); }), AllOf(HasSubstr("no column 'image'"), HasSubstr("file;mask"),
                                                                 HasSubstr("commas"), HasSubstr("list.csv")));
  EXPECT_THAT(message([&] { read(""); }), HasSubstr("empty"));
  EXPECT_THAT(message([&] { read("image\n\n"); }), HasSubstr("no rows"));
  EXPECT_THAT(message([&] { read("image,mask\na.png\n,b.png\n"); }), HasSubstr("line 3 names no image"));
  EXPECT_THAT(message([&] { read("image\na.png,b.png\n"); }), HasSubstr("line 2 has 2 cells, the header 1"));
  EXPECT_THAT(message([&] { read("image,image\na.png,b.png\n"); }), HasSubstr("two columns"));
  EXPECT_THAT(message([&] { read("image,mask\nx1,a.png\nx2,a.png\nb.png,x3\nx4,\n"); }),
              AllOf(HasSubstr("4 files"), HasSubstr("'x1' (line 2)"), HasSubstr("'x3' (line 4)"), HasSubstr("...")));
  EXPECT_THAT(message([&] { read("image\na.png\nb.png\n../a.png\n"); }),
              AllOf(HasSubstr("listed twice"), HasSubstr("lines 2 and 4")));
  EXPECT_THAT(message([&] { read_split(folder_ / "none.csv"); }), HasSubstr("does not exist"));
}

}  // namespace
}  // namespace thor
