// SPDX-License-Identifier: Apache-2.0
#include "thor/image/dicom/dicom_tags.h"

#include <algorithm>
#include <vector>

namespace thor::dicom {

const KeptTag* kept_tag(DicomTag tag) {
  static const std::vector<KeptTag> tags = [] {
    std::vector<KeptTag> all;
    const auto add = [&](Kind kind, std::initializer_list<DicomTag> several) {
      for (const DicomTag one : several) all.push_back({one, kind});
    };
    add(Kind::Text, {kTransferSyntax,
                     kImageType,
                     kSopClass,
                     kSopInstance,
                     kAcquisitionTime,
                     kContentTime,
                     kModality,
                     kSeriesDescription,
                     kFrameType,
                     kComplexComponent,
                     kSliceThickness,
                     kEchoTime,
                     kInversionTime,
                     kEchoNumbers,
                     kSpacingBetweenSlices,
                     kTriggerTime,
                     kImagerPixelSpacing,
                     kKernel,
                     kFlipAngle,
                     kFrameAcquisitionTime,
                     kStudyUid,
                     kSeriesUid,
                     kSeriesNumber,
                     kAcquisitionNumber,
                     kInstanceNumber,
                     kPosition,
                     kOrientation,
                     kFrameOfReference,
                     kTemporalPosition,
                     kSliceLocation,
                     kStackId,
                     kPhotometric,
                     kNumberOfFrames,
                     kPixelSpacing,
                     kIntercept,
                     kSlope,
                     kReferenceTime});
    add(Kind::Short, {kSamples, kPlanarConfiguration, kRows, kColumns, kBitsAllocated, kBitsStored, kHighBit,
                      kRepresentation, kFrameAcquisitionNumber});
    add(Kind::Shorts, {kRedPaletteSize, kGreenPaletteSize, kBluePaletteSize});
    add(Kind::Long, {kTemporalPositionIndex, kDimensionIndexValues});
    add(Kind::Float, {kCardiacPhase});
    add(Kind::Double, {kInversionTimes, kEffectiveEchoTime, kBValue, kGradientDirection, kTriggerDelay});
    add(Kind::Bytes, {kRedPalette, kGreenPalette, kBluePalette});
    add(Kind::Sequence,
        {kGradientDirectionGroup, kTimingGroup, kEchoGroup, kModifierGroup, kDiffusionGroup, kCardiacGroup,
         kMrFrameTypeGroup, kCtFrameTypeGroup, kPetFrameTypeGroup, kFrameContentGroup, kPlanePosition,
         kPlaneOrientation, kModalityLut, kPixelMeasures, kValueTransformation, kSharedGroups, kFrameGroups});
    std::sort(all.begin(), all.end(), [](const KeptTag& a, const KeptTag& b) { return a.tag < b.tag; });
    return all;
  }();
  const auto found =
      std::lower_bound(tags.begin(), tags.end(), tag, [](const KeptTag& kept, DicomTag t) { return kept.tag < t; });
  return found != tags.end() && found->tag == tag ? &*found : nullptr;
}

}  // namespace thor::dicom
