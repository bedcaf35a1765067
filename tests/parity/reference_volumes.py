# SPDX-License-Identifier: Apache-2.0
"""Compares scans as thor read them with what nibabel and pydicom make of the same files.

    python3 reference_volumes.py FOLDER

FOLDER/scans.json lists {"path", "frame", "read"}; the i-th scan lies in FOLDER/i.safetensors. Prints a table; exit code
1 where a scan differs, 77 where a library is not installed.
"""
import gzip
import json
import os
import subprocess
import sys
import tempfile

try:
    import nibabel
    import numpy as np
    import pydicom
except ImportError as missing:
    print(missing)
    sys.exit(77)

ROUNDING = 2e-7  # of the largest value: one rounding to float32
AFFINE_MM = 1e-4
LPS_TO_RAS = np.diag([-1.0, -1.0, 1.0, 1.0])
JPEG_LS = "1.2.840.10008.1.2.4.80"


def tensors_of(path):
    with open(path, "rb") as file:
        header = json.loads(file.read(int.from_bytes(file.read(8), "little")))
        blob = file.read()
    kinds = {"F32": "<f4", "F64": "<f8"}
    return {name: np.frombuffer(blob[slice(*about["data_offsets"])], kinds[about["dtype"]]).reshape(about["shape"])
            for name, about in header.items() if name != "__metadata__"}


def nifti(path, frame):
    image = nibabel.load(path)
    voxels = image.get_fdata(dtype=np.float64)
    if voxels.ndim > 3:
        voxels = voxels.reshape(*voxels.shape[:3], -1, order="F")[..., max(frame, 0)]
    return np.nan_to_num(voxels, nan=0, posinf=0, neginf=0).T, image.affine


def nrrd(path, _):
    with open(path, "rb") as file:
        head, packed = file.read().split(b"\n\n", 1)
    fields = dict(line.split(": ", 1) for line in head.decode().split("\n")[1:] if ": " in line and line[0] != "#")
    assert fields["type"] == "unsigned char" and fields["space"] == "left-posterior-superior"
    voxels = np.frombuffer(gzip.decompress(packed), np.uint8)
    affine = np.eye(4)
    vectors = [[float(n) for n in text.strip("() ").split(",")] for text in fields["space directions"].split()]
    affine[:3, :3] = np.array(vectors).T
    affine[:3, 3] = [float(n) for n in fields["space origin"].strip("()").split(",")]
    sizes = [int(n) for n in fields["sizes"].split()]
    return voxels.reshape(sizes[::-1]).astype(np.float64), LPS_TO_RAS @ affine


def pixels_of(path):
    """pydicom decodes no JPEG-LS by itself; DCMTK does."""
    data = pydicom.dcmread(path)
    if data.file_meta.TransferSyntaxUID == JPEG_LS:
        with tempfile.TemporaryDirectory() as folder:
            plain = os.path.join(folder, "plain.dcm")
            subprocess.run(["dcmdjpls", path, plain], check=True)
            data = pydicom.dcmread(plain)
            return data, data.pixel_array.astype(np.float64)
    return data, data.pixel_array.astype(np.float64)


def slices_of(path):
    """(values, position, orientation, spacing, thickness) of each frame of a file."""
    data, pixels = pixels_of(path)
    if "PerFrameFunctionalGroupsSequence" not in data:
        values = pixels * float(data.get("RescaleSlope", 1)) + float(data.get("RescaleIntercept", 0))
        thickness = float(data.get("SpacingBetweenSlices", 0) or data.get("SliceThickness", 1))
        return [(values, np.array(data.ImagePositionPatient, float), np.array(data.ImageOrientationPatient, float),
                 np.array(data.PixelSpacing, float), thickness)]
    shared, slices = data.SharedFunctionalGroupsSequence[0], []
    for frame, groups in zip(pixels, data.PerFrameFunctionalGroupsSequence):
        def group(name):
            return (groups if name in groups else shared)[name][0]
        values = frame
        if "PixelValueTransformationSequence" in groups or "PixelValueTransformationSequence" in shared:
            change = group("PixelValueTransformationSequence")
            values = frame * float(change.RescaleSlope) + float(change.RescaleIntercept)
        measures = group("PixelMeasuresSequence")
        slices.append((values, np.array(group("PlanePositionSequence").ImagePositionPatient, float),
                       np.array(group("PlaneOrientationSequence").ImageOrientationPatient, float),
                       np.array(measures.PixelSpacing, float), float(measures.SliceThickness)))
    return slices


def dicom(path, _):
    files = [os.path.join(path, name) for name in os.listdir(path)] if os.path.isdir(path) else [path]
    slices = [one for file in files for one in slices_of(file)]
    row, column = slices[0][2][:3], slices[0][2][3:]
    normal = np.cross(row, column)
    slices.sort(key=lambda one: one[1] @ normal)
    first, last = slices[0], slices[-1]
    affine = np.eye(4)
    affine[:3, 0], affine[:3, 1] = row * first[3][1], column * first[3][0]
    affine[:3, 2] = (last[1] - first[1]) / (len(slices) - 1) if len(slices) > 1 else normal * first[4]
    affine[:3, 3] = first[1]
    return np.stack([one[0] for one in slices]), LPS_TO_RAS @ affine


def reference(path, frame):
    name = path.lower()
    reader = nrrd if name.endswith(".nrrd") else nifti if name.endswith((".nii", ".nii.gz")) else dicom
    return reader(path, frame)


def compare(folder, i, scan):
    """Whether the scan agrees, and a line of the table."""
    name = "/".join(scan["path"].split("/")[-2:]) + (f" frame {scan['frame']}" if scan["frame"] >= 0 else "")
    if not scan["read"]:
        return True, f"{name:48} refused: {scan['reason']}"
    found = tensors_of(os.path.join(folder, f"{i}.safetensors"))
    voxels, affine = reference(scan["path"], scan["frame"])
    if voxels.ndim == 2:
        voxels = voxels[None]
    if voxels.shape != found["voxels"].shape:
        return False, f"{name:48} WRONG: {found['voxels'].shape}, the reference has {voxels.shape}"
    apart = np.abs(voxels - found["voxels"]).max() / max(1, np.abs(voxels).max())
    moved = np.abs(affine[:3] - found["affine"]).max()
    good = apart <= ROUNDING and moved <= AFFINE_MM
    size = " x ".join(str(side) for side in voxels.shape[::-1])
    return good, f"{name:48} {'read' if good else 'WRONG'}: {size}, values {apart:.1e}, affine {moved:.1e} mm"


def main(folder):
    with open(os.path.join(folder, "scans.json"), encoding="utf-8") as file:
        scans = json.load(file)
    results = [compare(folder, i, scan) for i, scan in enumerate(scans)]
    print("\n".join(line for _, line in results))
    sys.exit(0 if all(good for good, _ in results) else 1)


if __name__ == "__main__":
    main(sys.argv[1])
