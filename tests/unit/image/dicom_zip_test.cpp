// SPDX-License-Identifier: Apache-2.0
// Archives of DICOM.
#include <gmock/gmock.h>

#include <filesystem>

#include "tests/unit/image/dicom_folder.h"

namespace thor::test {
namespace {

using testing::AllOf;
using testing::HasSubstr;

class DicomZip : public DicomFolder {
 protected:
  std::vector<ZippedFile> files() {
    std::vector<ZippedFile> list;
    for (int z = 0; z < 5; ++z)
      list.push_back({"../../etc/" + std::to_string(z), dicom_of(slice(z, 2 * z)), z % 2 == 0});
    list.push_back({"readme.txt", "not DICOM", true});
    return list;
  }
  std::string refusal(const std::string& bytes) {
    write_bytes(path_, bytes);
    return story_of([&] { read_scan(path_); });
  }
  std::string path_ = folder_ / "scan.zip";
};

TEST_F(DicomZip, IsReadLikeItsFolderAndItsSlicesStayReadable) {
  write_bytes(path_, zip_of(files()));
  const Image image = read_scan(path_);
  EXPECT_EQ(max_abs_diff(image.voxels, whole()), 0);
  EXPECT_EQ(dicom_series(path_).size(), 1u);
  for (const DicomSlice& slice : image.dicom->slices) EXPECT_TRUE(std::filesystem::exists(slice.file));
  const auto unpacked = std::filesystem::path(image.dicom->slices[0].file).parent_path();
  EXPECT_EQ(unpacked.parent_path(), std::filesystem::temp_directory_path());  // no name of the archive is followed
}

TEST_F(DicomZip, FromAMacIsReadWithoutWhatTheSystemAdded) {
  auto list = files();
  const std::string cut = dicom_of(slice(9, 1)).substr(0, 300);
  for (const char* name : {"__MACOSX/study/IM1", "study/._IM1", "study/.DS_Store", "DICOMDIR"})
    list.push_back({name, cut});
  write_bytes(path_, zip_of(list));
  EXPECT_EQ(max_abs_diff(read_scan(path_).voxels, whole()), 0);
}

TEST_F(DicomZip, ThatIsAnArchiveOfAnotherKindSaysToUnpackIt) {
  for (const char* name : {"scan.tar.gz", "scan.tar", "scan.7z", "scan.TGZ"}) {
    write_bytes(folder_ / name, std::string(200, 'x'));
    EXPECT_THAT(story_of([&] { read_scan(folder_ / name); }), AllOf(HasSubstr("packed as"), HasSubstr("unpack it")))
        << name;
  }
}

TEST_F(DicomZip, ThatIsDamagedIsRefused) {
  const std::string good = zip_of(files());
  EXPECT_THAT(refusal(good.substr(0, good.size() / 2)), HasSubstr("zip"));
  const size_t directory = good.find("PK\x01\x02");
  EXPECT_THAT(refusal(patched(good, directory + 16, uint32_t{1})), HasSubstr("checksum"));
  EXPECT_THAT(refusal(patched(good, directory + 24, uint32_t{0xfffffff0})), HasSubstr("early"));
  EXPECT_THAT(refusal(patched(good, directory + 8, uint16_t{1})), HasSubstr("encrypted"));
  EXPECT_THAT(refusal(patched(good, directory + 10, uint16_t{14})), HasSubstr("method 14"));
  EXPECT_THAT(refusal(zip_of({{"a.txt", "nothing"}})), AllOf(HasSubstr("without DICOM"), HasSubstr("unpack it")));
}

}  // namespace
}  // namespace thor::test
