# SPDX-License-Identifier: Apache-2.0
"""Reads a segmentation and a map with pydicom and compares them with what was to be written, and with their source.

    python3 reference_dicom.py FOLDER

FOLDER holds truth.json (shape, slices: file, instance, frame), mask.raw (bytes), map.raw (float32), seg.dcm and map/.
Prints the first difference and exits with 1; exit code 77 where pydicom or NumPy is not installed.
"""
import json
import pathlib
import sys

try:
    import numpy as np
    import pydicom
except ImportError as missing:
    print(missing)
    sys.exit(77)


def expect(truth, *what):
    if not truth:
        print(*what)
        sys.exit(1)


def near(a, b, tolerance=1e-6):
    return np.allclose(np.array(a, float), np.array(b, float), rtol=0, atol=tolerance)


class Source:
    def __init__(self, folder):
        self.truth = json.loads((folder / "truth.json").read_text())
        self.shape = tuple(self.truth["shape"])
        files = {s["file"] for s in self.truth["slices"]}
        self.files = {d.SOPInstanceUID: d for d in (pydicom.dcmread(f, stop_before_pixels=True) for f in files)}
        self.index = {(s["instance"], s["frame"]): z for z, s in enumerate(self.truth["slices"])}
        self.first = next(iter(self.files.values()))

    def slice_of(self, reference):
        key = (reference.ReferencedSOPInstanceUID, int(reference.get("ReferencedFrameNumber", 0)))
        expect(key in self.index, "refers to", key, "which is no slice of the source")
        file = self.files[key[0]]
        expect(file.SOPClassUID == reference.ReferencedSOPClassUID, "wrong class of", key)
        return self.index[key], file

    def check_place(self, position, orientation, spacing, z, file):
        row = self.truth["lps_from_voxel"]
        expected = [row[i][2] * z + row[i][3] for i in range(3)]
        expect(near(position, expected), "slice", z, "at", position, "not", expected)
        if "ImagePositionPatient" in file:
            expect(near(position, file.ImagePositionPatient), "slice", z, "is not where its source lies")
            expect(near(orientation, file.ImageOrientationPatient, 1e-9), "axes of slice", z)
            expect(near(spacing, file.PixelSpacing, 1e-9), "spacing of slice", z)

    def check_identity(self, result):
        for name in ("StudyInstanceUID", "FrameOfReferenceUID", "PatientID", "PatientName", "StudyDate"):
            expect(result[name].value == self.first[name].value, name, "is not the source's")
        expect(result.SeriesInstanceUID != self.first.SeriesInstanceUID, "is in the source's own series")


def check_segmentation(folder, source):
    result = pydicom.dcmread(folder / "seg.dcm")
    source.check_identity(result)
    shared = result.SharedFunctionalGroupsSequence[0]
    frames = result.pixel_array.reshape(result.NumberOfFrames, *source.shape[1:])
    mask = np.zeros(source.shape, np.uint8)
    orders = []
    for pixels, frame in zip(frames, result.PerFrameFunctionalGroupsSequence):
        z, file = source.slice_of(frame.DerivationImageSequence[0].SourceImageSequence[0])
        source.check_place(
            frame.PlanePositionSequence[0].ImagePositionPatient,
            shared.PlaneOrientationSequence[0].ImageOrientationPatient,
            shared.PixelMeasuresSequence[0].PixelSpacing, z, file)
        mask[z] = pixels
        orders.append(tuple(frame.FrameContentSequence[0].DimensionIndexValues))
    expect(orders == [(1, n + 1) for n in range(len(orders))], "dimension index values", orders)
    truth = np.fromfile(folder / "mask.raw", np.uint8).reshape(source.shape)
    expect((mask == truth).all(), (mask != truth).sum(), "voxels of the mask differ")
    named = [i.ReferencedSOPInstanceUID for i in result.ReferencedSeriesSequence[0].ReferencedInstanceSequence]
    expect(sorted(named) == sorted(source.files), "referenced instances", named)
    expect(result.ReferencedSeriesSequence[0].SeriesInstanceUID == source.first.SeriesInstanceUID, "referenced series")


def check_map(folder, source):
    truth = np.fromfile(folder / "map.raw", np.float32).reshape(source.shape)
    seen = set()
    for path in sorted((folder / "map").iterdir()):
        result = pydicom.dcmread(path)
        source.check_identity(result)
        z, file = source.slice_of(result.SourceImageSequence[0])
        seen.add(z)
        source.check_place(result.ImagePositionPatient, result.ImageOrientationPatient, result.PixelSpacing, z, file)
        for slope in (float(result.RescaleSlope), result.RealWorldValueMappingSequence[0].RealWorldValueSlope):
            worst = np.abs(result.pixel_array * slope - truth[z]).max()
            expect(worst <= 0.501 * truth.max() / 65535, "map of slice", z, "is off by", worst)
    expect(seen == set(range(source.shape[0])), "slices of the map", seen)


def main():
    folder = pathlib.Path(sys.argv[1])
    source = Source(folder)
    check_segmentation(folder, source)
    check_map(folder, source)


main()
