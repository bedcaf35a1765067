// SPDX-License-Identifier: Apache-2.0
// A folder with a model that runs in milliseconds, six images with a bright square each and two more to validate on,
// and three without.
#pragma once
#include <fstream>

#include "tests/support.h"
#include "tests/unit/pipeline/tiny_model.h"
#include "thor/image/image.h"

namespace thor::test {

class TinyComparison {
 public:
  TinyComparison() {
    save_model(folder_ / "model.safetensors", tiny_model());
    std::string truth = "image,mask,group\n", val = truth, healthy = "image\n";
    for (int i = 0; i < 11; ++i) {
      Tensor image = 0.2 + 0.02 * (i % 9) + 0.2 * at::rand({16, 16});
      Tensor mask = at::zeros({16, 16});
      mask.narrow(0, 2 + i % 9, 4).narrow(1, 5, 4).fill_(1);
      const std::string name = "i" + std::to_string(i) + ".png", mask_name = "m" + std::to_string(i) + ".png";
      const bool lesion = i < 6 || i > 8;
      write_png(folder_ / name, lesion ? at::where(mask > 0, at::ones_like(image), image) : image, 8);
      write_png(folder_ / mask_name, mask, 8);
      (i < 6    ? truth
       : lesion ? val
                : healthy) += lesion ? name + "," + mask_name + "," + (i % 2 ? "odd" : "even") + "\n" : name + "\n";
    }
    write("truth.csv", truth);
    write("val.csv", val);
    write("healthy.csv", healthy);
  }
  std::string operator/(const std::string& name) const { return folder_ / name; }
  std::string write(const std::string& name, const std::string& text) const {
    std::ofstream(folder_ / name) << text;
    return folder_ / name;
  }

 private:
  TemporaryFolder folder_;
};

}  // namespace thor::test
