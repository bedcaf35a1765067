// SPDX-License-Identifier: Apache-2.0
#include "readers.h"

#include <ATen/ATen.h>

#include <cmath>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "tests/scans.h"
#include "tests/support.h"
#include "thor/base/error.h"
#include "thor/data/archive.h"
#include "thor/data/boxes.h"
#include "thor/data/lesion_mask.h"
#include "thor/image/image.h"
#include "thor/nn/unet_architecture.h"
#include "thor/nn/weights/safetensors.h"
#include "thor/nn/weights/torch_file.h"
#include "thor/pipeline/model.h"
#include "thor/train/checkpoint.h"
#include "thor/train/experiment.h"

namespace thor::test {
namespace {

std::string bytes_of(const std::string& path) {
  std::ostringstream text;
  text << std::ifstream(path, std::ios::binary).rdbuf();
  return text.str();
}

// Contents of the files that `write` makes, given a path without its ending.
std::string made(const std::string& ending, const std::function<void(const std::string& path)>& write) {
  const TemporaryFolder folder;
  const std::string path = folder / ("seed" + ending);
  write(path);
  return bytes_of(path);
}

std::vector<std::string> committed(const std::vector<std::string>& names) {
  std::vector<std::string> contents;
  for (const auto& name : names) contents.push_back(bytes_of(THOR_SOURCE_DIR "/tests/fuzz/seeds/" + name));
  return contents;
}

Tensor gradient(int64_t height, int64_t width) {
  return at::linspace(0, 1, height * width, at::kFloat).view({height, width});
}

Reader safetensors() {
  const auto write = [](const std::string& path) {
    write_safetensors(path, {{{"a.weight", gradient(2, 3)}, {"b", at::zeros({4}, at::kLong)}}, {{"thor.format", "1"}}});
  };
  return {
      "safetensors", ".safetensors", {made(".safetensors", write)}, [](const auto& path) { read_safetensors(path); }};
}

Reader torch_file() {
  return {"torch_file", ".pt", committed({"zip.pt", "legacy.pt"}), [](const auto& path) { read_torch_file(path); }};
}

Model small_model() {
  Model model;
  UNetConfig network;
  network.channels = {2};
  network.attention = {false};
  network.head_channels = 2;
  network.norm_groups = 1;
  model.config.model = UNet(network);
  model.config.preprocess.size = 8;
  model.networks = model.config.model->initial(0);
  return model;
}

Reader model() {
  const auto one = [](const std::string& path) { save_model(path, small_model()); };
  const auto ensemble = [](const std::string& path) {
    Model both = small_model();
    const HealthyReference reference{at::ones({1, 8, 8}), at::arange(4, at::kFloat), at::zeros({1})};
    both.networks = std::vector<Member>{{"a", small_model(), reference}, {"b", small_model(), reference}};
    save_model(path, both);
  };
  return {"model", ".safetensors", {made(".safetensors", one), made(".safetensors", ensemble)}, [](const auto& path) {
            load_model(path);
          }};
}

Reader archive() {
  const auto write = [](const std::string& path) {
    Archive archive;
    archive.preprocess.size = 8;
    archive.slices = gradient(8, 8).expand({2, 8, 8}).contiguous();
    archive.names = {"a.png", "b.png"};
    write_archive(path, archive);
  };
  return {"archive", ".safetensors", {made(".safetensors", write)}, [](const auto& path) { read_archive(path); }};
}

Reader checkpoint() {
  const auto write = [](const std::string& path) {
    Checkpoint checkpoint;
    checkpoint.weights["w"] = checkpoint.ema["w"] = gradient(2, 2);
    save_checkpoint(path, checkpoint);
  };
  return {"checkpoint", ".safetensors", {made(".safetensors", write)}, [](const auto& path) { load_checkpoint(path); }};
}

Reader picture(const std::string& name, const std::string& ending, std::vector<std::string> seeds) {
  return {name, ending, std::move(seeds), [](const auto& path) { read_scan(path); }};
}

Reader png() {
  const auto gray = [](int bits) {
    return made(".png", [&](const std::string& path) { write_png(path, gradient(5, 7), bits); });
  };
  const auto rgb = [](const std::string& path) { write_png_rgb(path, gradient(5, 7).expand({3, 5, 7})); };
  std::vector<std::string> seeds = committed({"palette.png", "alpha.png", "rgba.png", "exif.png", "bit.png"});
  for (const std::string& seed : {gray(8), gray(16), made(".png", rgb)}) seeds.push_back(seed);
  return picture("png", ".png", seeds);
}

Reader tiff() {
  return picture("tiff", ".tif",
                 committed({"gray.tif", "tiled.tif", "planar.tif", "palette.tif", "deep.tif", "alpha.tif", "half.tif",
                            "twelve.tif", "imagej.tif", "ome.tif"}));
}

Reader lesion_mask() {
  return {"lesion_mask", ".png", committed({"palette.png", "alpha.png", "rgba.png", "bit.png"}),
          [](const auto& path) { read_lesion_mask(path); }};
}

Reader scan(const std::string& name, const std::string& ending, std::vector<std::string> seeds) {
  return {name, ending, std::move(seeds), [](const auto& path) { read_scan(path); }};
}

/// The same of files with frames: the first one.
Reader first_frame(const std::string& name, const std::string& ending, std::vector<std::string> seeds) {
  return {name, ending, std::move(seeds), [](const auto& path) { read_scan(path, {0, ""}); }};
}

Tensor volume() { return at::stack({gradient(5, 7), gradient(5, 7) * 300, gradient(5, 7) + 1}); }

template <class T>
std::string with_field(std::string bytes, size_t offset, T value) {
  return bytes.replace(offset, sizeof value, reinterpret_cast<const char*>(&value), sizeof value);
}

std::string with_text(std::string text, const std::string& what, const std::string& instead) {
  return text.replace(text.find(what), what.size(), instead);
}

Reader nifti(const std::string& name, const std::string& ending) {
  const auto write = [&](const Tensor& voxels) {
    return made(ending, [&](const std::string& path) { write_nifti(path, voxels, Geometry()); });
  };
  std::vector<std::string> seeds{write(gradient(5, 7)), write(volume())};
  if (ending == ".nii") {
    const std::string& plain = seeds[1];
    const std::string extended = with_field(plain, 348, 1);
    seeds.push_back(with_field(plain, 108, 0.0f));  // voxels inside the header
    seeds.push_back(with_field(with_field(with_field(plain, 252, int16_t{1}), 256, 0.3f), 116, NAN));
    seeds.push_back(with_field(with_field(plain, 40, int16_t{4}), 46, int64_t{0x0003000000030001}));  // 3 frames
    seeds.push_back(extended.substr(0, 352) + with_field(std::string(16, '\0'), 0, 16) + extended.substr(352));
  }
  return first_frame(name, ending, std::move(seeds));
}

Reader nrrd() {
  const std::string plain = nrrd_of(volume()), samples = short_samples(volume());
  const std::string header = plain.substr(0, plain.size() - samples.size());
  const std::string four =
      with_text(with_text(plain, "dimension: 3", "dimension: 4"), "sizes: 7 5 3", "sizes: 7 5 1 3");
  const std::string time =
      with_text(with_text(four, "(1,0,0) (0,1,0) (0,0,2)", "(1,0,0,0) (0,1,0,0) (0,0,2,0) (0,0,0,1)"),
                "left-posterior-superior", "LPST");
  const std::string list = with_text(with_text(with_text(plain, "dimension: 3", "dimension: 4"), "sizes: 7 5 3",
                                               "sizes: 3 7 5 1\nkinds: list domain domain domain"),
                                     "(1,0,0)", "none (1,0,0)");
  const std::string ends =
      with_text(plain, "space directions: (1,0,0) (0,1,0) (0,0,2)\nspace origin: (0,0,0)",
                "axis mins: 0 0 -3\naxis maxs: 7 5 3\ncenters: cell cell node\nspace units: \"m\" \"m\" \"m\"");
  return first_frame("nrrd", ".nrrd",
                     {plain, nrrd_of(volume(), "", true), time, list, ends,
                      with_text(header, "encoding: raw", "encoding: bzip2") + bzip_packed(samples)});
}

Reader metaimage() {
  const std::string more = "DistanceUnits = cm\nAnatomicalOrientation = ASL\n";
  const std::string plain = metaimage_of(volume(), more);
  return first_frame("metaimage", ".mha",
                     {plain, metaimage_of(volume(), "", true),
                      with_text(metaimage_of(volume(), "ElementNumberOfChannels = 7\n"), "= 7 5 3\n", "= 1 5 3\n")});
}

Reader mgh() {
  MghSpec unsaid;
  unsaid.good = 0;
  return first_frame(
      "mgh", ".mgz",
      {mgh_of(volume()), gzip_packed(mgh_of(at::stack({volume(), volume()}))), mgh_of(volume(), unsaid)});
}

std::vector<std::string> dicom_seeds() {
  DicomSpec slice, frames, run_lengths;
  slice.pixels = run_lengths.pixels = gradient(5, 7) * 1000;
  run_lengths.syntax = kRleSyntax;
  run_lengths.compressed = {rle_of(dicom_samples(run_lengths))};
  frames.pixels = volume() * 100;
  frames.frame_positions = {{0, 0, 0}, {0, 0, 2}, {0, 0, 4}};
  std::vector<std::string> seeds{dicom_of(slice), dicom_of(frames), dicom_of(run_lengths)};
  for (const char* syntax : {kImplicitSyntax, kBigEndianSyntax, kDeflatedSyntax}) {
    frames.syntax = syntax;
    seeds.push_back(dicom_of(frames));
  }
  return seeds;
}

/// Written otherwise than they say, with elements of no value representation, with a palette.
std::vector<std::string> odd_dicom_seeds() {
  DicomSpec slice;
  slice.pixels = gradient(5, 7) * 100;
  const DicomWriter writer(kExplicitSyntax), implicit(kImplicitSyntax);
  const auto says = [&](const DicomSpec& spec, const char* syntax) {
    const std::string is = writer.element(0x00020010, "UI", spec.syntax);
    std::string bytes = dicom_of(spec);
    return bytes.replace(bytes.find(is), is.size(), writer.element(0x00020010, "UI", syntax));
  };
  std::vector<std::string> seeds{says(slice, kImplicitSyntax), says(slice, kBigEndianSyntax), says(slice, kRleSyntax)};
  auto elements = dicom_elements(slice);
  elements[0x00091010] = implicit.element(0x00091010, "", "private") + implicit.element(0x00091011, "", "also");
  elements[0x00131010] = implicit.sequence(0x00131010, {implicit.element(0x00131011, "", "inside")}, true);
  elements[0x00280030] = writer.element(0x00280030, "DS", "0,5\\0,5");
  seeds.push_back(dicom_of(slice, elements));
  DicomSpec run_lengths = slice;
  run_lengths.compressed = {rle_of(dicom_samples(run_lengths))};
  seeds.push_back(dicom_of(run_lengths));
  slice.photometric = "PALETTE COLOR";
  elements = dicom_elements(slice);
  std::string entries;
  for (int i = 0; i < 128; ++i) entries += DicomWriter::bytes_of(uint16_t(500 * i));
  for (uint32_t colour = 0; colour < 3; ++colour) {
    elements[0x00281101 + colour] = writer.element(0x00281101 + colour, "US", std::string("\x80\0\0\0\x10\0", 6));
    elements[0x00281201 + colour] = writer.element(0x00281201 + colour, "OW", entries);
  }
  seeds.push_back(dicom_of(slice, elements));
  return seeds;
}

Reader dicom() { return scan("dicom", ".dcm", dicom_seeds()); }
Reader odd_dicom() { return scan("odd_dicom", ".dcm", odd_dicom_seeds()); }

/// Series of several images at every place, of slices without a place, with a series for each slice.
Reader dicom_series_zip() {
  const DicomWriter writer(kExplicitSyntax);
  std::vector<ZippedFile> echoes, located, each;
  for (int z = 0; z < 3; ++z)
    for (int echo = 0; echo < 2; ++echo) {
      DicomSpec slice;
      slice.pixels = gradient(5, 7) * 100 + 10 * z + 50 * echo;
      slice.position = {0, 0, 2.0 * z};
      slice.instance_number = 3 * echo + z;
      auto elements = dicom_elements(slice);
      elements[0x00180081] = writer.element(0x00180081, "DS", echo == 0 ? "5" : "25");
      elements[0x00080032] = writer.element(0x00080032, "TM", std::to_string(120000 + 10 * echo + z));
      echoes.push_back({"e", dicom_of(slice, elements), false});
      if (echo == 1) elements.erase(0x00180081);
      elements[0x00201041] = writer.element(0x00201041, "DS", std::to_string(2 * z));
      elements.erase(0x00200032);
      if (echo == 0) located.push_back({"l", dicom_of(slice, elements), false});
      slice.series_uid = "1.2.3.4." + std::to_string(z);
      if (echo == 0) each.push_back({"u", dicom_of(slice), false});
    }
  return {"dicom_series", ".zip", {zip_of(echoes), zip_of(located), zip_of(each)}, [](const auto& path) {
            read_scan(path, {0, ""});
          }};
}

Reader compressed_dicom() {
  return scan("compressed_dicom", ".dcm",
              committed({"jpegls.dcm", "jpeg2000.dcm", "jpeg2000_boxed.dcm", "jpeg_lossless.dcm"}));
}

Reader zip() {
  const auto seeds = dicom_seeds();
  return scan("zip", ".zip", {zip_of({{"a", seeds[0]}, {"b", "text", false}}), zip_of({{"c", seeds[1], false}})});
}

Reader split() {
  return {"split",
          ".csv",
          {"image,mask,group\nsplit.csv,,small\n", "filename\r\n\"split.csv\"\r\n",
           "\xEF\xBB\xBFimage,note\nsplit.csv,\"a,\"\"b\"\n"},
          [](const auto& path) { read_split(path); }};
}

Reader boxes() {
  return {"boxes",
          ".csv",
          {"image,xmin,ymin,xmax,ymax,label\na.png,1,2,3.5,4,metal\nb.png,,,,,\na.png,5,6,7,8,fracture\n"},
          [](const auto& path) { read_boxes(path); }};
}

Reader annotation() {
  return {"annotation",
          ".xml",
          {"<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<annotation><filename>a.png</filename><size><width>9</width>"
           "<height>8</height></size><object><name>metal</name><bndbox><xmax> 5\n</xmax><xmin>1</xmin><ymax>4</ymax>"
           "<ymin>2</ymin></bndbox></object></annotation>"},
          [](const auto& path) { read_boxes(path); }};
}

Reader experiment() {
  const std::string yaml =
      "model: {channels: [32, 64], attention: [false, true], head_channels: 64, head_channels: 32, norm_groups: "
      "16}\ndiffusion:\n  schedule: linear\n  "
      "steps: 1000\n"
      "noise: {kind: simplex, octaves: 6}\npreprocess: {size: 64}\ntrain:\n  steps: 10\n  augment: {enabled: false}\n"
      "detector:\n  name: ddpm\n  start_step: 200\n";
  return {"experiment", ".yaml", {yaml}, [](const auto& path) { load_experiment(path, {}); }};
}

}  // namespace

void PrintTo(const Reader& reader, std::ostream* out) { *out << reader.name; }

std::vector<Reader> readers() {
  return {safetensors(),
          torch_file(),
          model(),
          archive(),
          checkpoint(),
          png(),
          picture("jpeg", ".jpg", committed({"gray.jpg", "exif.jpg", "progressive.jpg"})),
          tiff(),
          lesion_mask(),
          nifti("nifti", ".nii"),
          nifti("nifti_gz", ".nii.gz"),
          nrrd(),
          metaimage(),
          mgh(),
          dicom(),
          odd_dicom(),
          dicom_series_zip(),
          compressed_dicom(),
          zip(),
          split(),
          boxes(),
          annotation(),
          experiment()};
}

std::string try_reading(const Reader& reader, const std::string& bytes, const std::string& folder) {
  const std::string path = folder + "/" + reader.name + reader.ending;
  std::ofstream(path, std::ios::binary) << bytes;
  try {
    reader.read(path);
  } catch (const Error& error) {
    const std::string story = error.what();
    if (error.kind() == ErrorKind::Internal) return "internal error: " + story;
    if (story.empty() || story.find('\n') != std::string::npos) return "not one line: " + story;
  } catch (const std::exception& error) {
    return std::string("a foreign exception: ") + error.what();
  }
  return "";
}

}  // namespace thor::test
