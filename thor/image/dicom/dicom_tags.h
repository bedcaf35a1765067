// SPDX-License-Identifier: Apache-2.0
// Private to this room: the required attributes of a DICOM data set (PS3.6), and their value representations for files
// with implicit ones.
#pragma once
#include "thor/image/dicom/dicom_dataset.h"

namespace thor::dicom {

enum class Kind {
  Text,      ///< text, including numbers as text
  Short,     ///< a 16-bit whole number, kept as text
  Shorts,    ///< several 16-bit whole numbers
  Long,      ///< 32-bit whole numbers
  Float,     ///< a 32-bit number
  Double,    ///< 64-bit numbers
  Bytes,     ///< raw bytes in the byte order of the file
  Sequence,  ///< items
};
struct KeptTag {
  DicomTag tag;
  Kind kind;
};
/// Returns the representation of a required attribute; none for others.
const KeptTag* kept_tag(DicomTag tag);

inline constexpr DicomTag kTransferSyntax = 0x00020010, kImageType = 0x00080008, kSopClass = 0x00080016,
                          kSopInstance = 0x00080018, kAcquisitionTime = 0x00080032, kContentTime = 0x00080033,
                          kModality = 0x00080060, kSeriesDescription = 0x0008103e, kFrameType = 0x00089007,
                          kComplexComponent = 0x00089208;
inline constexpr DicomTag kSliceThickness = 0x00180050, kEchoTime = 0x00180081, kInversionTime = 0x00180082,
                          kEchoNumbers = 0x00180086, kSpacingBetweenSlices = 0x00180088, kTriggerTime = 0x00181060,
                          kImagerPixelSpacing = 0x00181164, kKernel = 0x00181210, kFlipAngle = 0x00181314,
                          kFrameAcquisitionTime = 0x00189074, kGradientDirectionGroup = 0x00189076,
                          kInversionTimes = 0x00189079, kEffectiveEchoTime = 0x00189082, kBValue = 0x00189087,
                          kGradientDirection = 0x00189089, kTimingGroup = 0x00189112, kEchoGroup = 0x00189114,
                          kModifierGroup = 0x00189115, kDiffusionGroup = 0x00189117, kCardiacGroup = 0x00189118,
                          kMrFrameTypeGroup = 0x00189226, kCtFrameTypeGroup = 0x00189329,
                          kPetFrameTypeGroup = 0x00189751;
inline constexpr DicomTag kStudyUid = 0x0020000d, kSeriesUid = 0x0020000e, kSeriesNumber = 0x00200011,
                          kAcquisitionNumber = 0x00200012, kInstanceNumber = 0x00200013, kPosition = 0x00200032,
                          kOrientation = 0x00200037, kFrameOfReference = 0x00200052, kTemporalPosition = 0x00200100,
                          kSliceLocation = 0x00201041, kStackId = 0x00209056, kFrameContentGroup = 0x00209111,
                          kPlanePosition = 0x00209113, kPlaneOrientation = 0x00209116,
                          kTemporalPositionIndex = 0x00209128, kTriggerDelay = 0x00209153,
                          kFrameAcquisitionNumber = 0x00209156, kDimensionIndexValues = 0x00209157,
                          kCardiacPhase = 0x00209241;
inline constexpr DicomTag kSamples = 0x00280002, kPhotometric = 0x00280004, kPlanarConfiguration = 0x00280006,
                          kNumberOfFrames = 0x00280008, kRows = 0x00280010, kColumns = 0x00280011,
                          kPixelSpacing = 0x00280030, kBitsAllocated = 0x00280100, kBitsStored = 0x00280101,
                          kHighBit = 0x00280102, kRepresentation = 0x00280103, kIntercept = 0x00281052,
                          kSlope = 0x00281053, kRedPaletteSize = 0x00281101, kGreenPaletteSize = 0x00281102,
                          kBluePaletteSize = 0x00281103, kRedPalette = 0x00281201, kGreenPalette = 0x00281202,
                          kBluePalette = 0x00281203, kModalityLut = 0x00283000, kPixelMeasures = 0x00289110,
                          kValueTransformation = 0x00289145, kReferenceTime = 0x00541300, kSharedGroups = 0x52009229,
                          kFrameGroups = 0x52009230;

}  // namespace thor::dicom
