// SPDX-License-Identifier: Apache-2.0
#include "thor/base/file.h"

#include <gmock/gmock.h>
#include <sys/resource.h>

#include <csignal>

#include "tests/support.h"
#include "thor/base/error.h"

namespace thor {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

std::string sha256(const std::string& text) { return Sha256().update(text.data(), text.size()).hex(); }

// FIPS 180-4's examples.
TEST(Sha256, GivesThePublishedDigests) {
  EXPECT_EQ(sha256(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(sha256("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(sha256(std::string(1000000, 'a')), "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

TEST(WriteAtomically, ReplacesAWholeFileAndLeavesNothingElse) {
  test::TemporaryFolder folder;
  write_text_atomically(folder / "a.txt", "old");
  write_text_atomically(folder / "a.txt", "new");
  EXPECT_EQ(read_text_file(folder / "a.txt", 100), "new");
  EXPECT_EQ(std::distance(fs::directory_iterator(folder.path()), fs::directory_iterator()), 1);
}

TEST(WriteAtomically, KeepsTheOldFileWhenWritingFails) {
  test::TemporaryFolder folder;
  write_text_atomically(folder / "a.txt", "old");
  EXPECT_THROW(write_atomically(folder / "a.txt",
                                [](const std::string& temporary) {
                                  write_text_atomically(temporary, "half");
                                  fail_input("stopped");
                                }),
               Error);
  EXPECT_EQ(read_text_file(folder / "a.txt", 100), "old");
  EXPECT_EQ(std::distance(fs::directory_iterator(folder.path()), fs::directory_iterator()), 1);
}

TEST(WriteAtomically, SaysWhichFileCouldNotBeWritten) {
  try {
    write_text_atomically("/proc/nowhere/a.txt", "x");
    FAIL() << "written under /proc";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::Input);
    EXPECT_NE(std::string(error.what()).find("/proc/nowhere/a.txt"), std::string::npos);
  }
}

TEST(WriteAtomically, ADiskThatFillsUpIsAnInputErrorAndLeavesNothing) {
  test::TemporaryFolder folder;
  rlimit before{};
  getrlimit(RLIMIT_FSIZE, &before);
  const rlimit small{1000, before.rlim_max};
  std::signal(SIGXFSZ, SIG_IGN);  // a write beyond the limit then fails as on a full disk
  setrlimit(RLIMIT_FSIZE, &small);
  EXPECT_THROW(write_text_atomically(folder / "a.txt", std::string(100000, 'x')), Error);
  setrlimit(RLIMIT_FSIZE, &before);
  EXPECT_TRUE(fs::is_empty(folder.path()));
}

TEST(ReadTextFile, RefusesWhatIsAbsentAFolderOrTooLarge) {
  test::TemporaryFolder folder;
  write_text_atomically(folder / "a.txt", "12345");
  EXPECT_THROW(read_text_file(folder / "absent", 100), Error);
  EXPECT_THROW(read_text_file(folder.path(), 100), Error);
  EXPECT_THROW(read_text_file(folder / "a.txt", 4), Error);
}

TEST(MakeFolder, RefusesAPathThatIsAFile) {
  test::TemporaryFolder folder;
  write_text_atomically(folder / "a", "x");
  EXPECT_THROW(make_folder(folder / "a/b"), Error);
  make_folder(folder / "c/d");
  EXPECT_TRUE(fs::is_directory(folder / "c/d"));
}

TEST(ErrorStory, KeepsTheDeepestCauseFirstInOneLine) {
  try {
    with_context("reading the run", [] { with_context("reading a\nfile", [] { fail_input("it is {}", "empty"); }); });
  } catch (const Error& error) {
    EXPECT_STREQ(error.what(), "it is empty (while reading a file, while reading the run)");
    EXPECT_EQ(exit_code(error.kind()), 1);
  }
}

TEST(AbsentContent, NamesTheToolThatFetchesIt) {
  test::TemporaryFolder folder;
  fs::create_symlink("../.git/annex/objects/Xk/3F/MD5E-s7--d41d8/MD5E-s7--d41d8.nii.gz", folder / "link.nii.gz");
  write_text_atomically(folder / "pointer.nii.gz", "/annex/objects/MD5E-s7--d41d8.nii.gz\n");
  write_text_atomically(folder / "lfs.nii.gz",
                        "version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12345\n");
  for (const char* file : {"link.nii.gz", "pointer.nii.gz"})
    EXPECT_THAT(absent_content(folder / file), HasSubstr(fmt::format("git annex get {}", folder / file))) << file;
  EXPECT_THAT(absent_content(folder / "lfs.nii.gz"), HasSubstr("git lfs pull"));
}

TEST(AbsentContent, IsEmptyForAnyOtherFileThereOrNot) {
  test::TemporaryFolder folder;
  write_text_atomically(folder / "text.csv", "image\na.png\n");
  write_text_atomically(folder / "empty", "");
  fs::create_symlink("text.csv", folder / "link.csv");
  for (const char* file : {"text.csv", "empty", "link.csv", "missing.nii", "."})
    EXPECT_EQ(absent_content(folder / file), "") << file;
}

TEST(AbsentContent, NamesTheTargetOfABrokenLink) {
  test::TemporaryFolder folder;
  fs::create_symlink("/nowhere/scan.nii", folder / "scan.nii");
  EXPECT_THAT(absent_content(folder / "scan.nii"), HasSubstr("'/nowhere/scan.nii', which does not exist"));
}

}  // namespace
}  // namespace thor
