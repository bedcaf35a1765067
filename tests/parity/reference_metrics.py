# SPDX-License-Identifier: Apache-2.0
"""Writes maps and masks, and what scikit-learn, scikit-image and SciPy make of them.

    python3 reference_metrics.py FILE.safetensors

Exit code 77 where one of them is not installed.
"""
import json
import struct
import sys

try:
    import numpy as np
    from scipy import ndimage
    from skimage.metrics import structural_similarity
    from sklearn.metrics import average_precision_score, f1_score, roc_auc_score
except ImportError as missing:
    print(missing)
    sys.exit(77)

CASES, HEIGHT, WIDTH, OVERLAP = 7, 48, 40, 0.25
EIGHT = np.ones((3, 3), int)


def smooth(rng, sigma):
    field = ndimage.gaussian_filter(rng.standard_normal((CASES, HEIGHT, WIDTH)), (0, sigma, sigma))
    return field / field.std()


def make():
    rng = np.random.default_rng(11)
    truth = smooth(rng, 2) > 1.3
    truth[5:] = False
    # Coarse steps: many ties, many values exactly on thresholds.
    maps = np.clip(np.round(40 * (0.12 * smooth(rng, 1.2) + 0.3 * truth + 0.2)) / 50, 0, 0.8)
    # A round head with a hole: both dark, and only one of them is background.
    rows, columns = np.indices((HEIGHT, WIDTH))
    radius = np.hypot(rows - HEIGHT / 2, columns - WIDTH / 2)
    image = np.clip(0.12 * smooth(rng, 1) + 0.5, 0, 1) * ((radius < 18) & (radius > 4))
    healthy = np.clip(image + 0.05 * smooth(rng, 2), 0, 1)
    return maps.astype(np.float32), truth, image.astype(np.float32), healthy.astype(np.float32)


def lesions_at(maps, truth, threshold):
    """Lesions, those found, and parts of the map that touch none, over all cases."""
    lesions = found = false_alarms = 0
    for one, mask in zip(maps, truth):
        above = one.astype(np.float64) > threshold
        labels, count = ndimage.label(mask, EIGHT)
        lesions += count
        if count:
            shares = ndimage.mean(above, labels, range(1, count + 1))
            found += int(np.sum(shares >= OVERLAP))
        parts, count = ndimage.label(above, EIGHT)
        if count:
            false_alarms += int(np.sum(ndimage.maximum(mask, parts, range(1, count + 1)) == 0))
    return lesions, found, false_alarms


def restoration(image, healthy, mask):
    _, ssim = structural_similarity(image.astype(np.float64), healthy.astype(np.float64), win_size=7, data_range=1.0,
                                    full=True)
    window = ndimage.maximum_filter(mask, 7, mode="constant")
    difference = np.abs(image.astype(np.float64) - healthy)
    background, count = ndimage.label(image <= 0.05, EIGHT)
    border = np.concatenate([background[0], background[-1], background[:, 0], background[:, -1]])
    head = ~np.isin(background, np.setdiff1d(border, [0]))
    return difference[~mask].mean(), ssim[~window].mean(), (difference > 0.1)[head & ~mask].mean()


def main(path):
    maps, truth, image, healthy = make()
    flat, lesion = maps.ravel(), truth.ravel()
    thresholds = np.linspace(0, float(maps.max()), 101)
    above = [flat.astype(np.float64) > t for t in thresholds]
    counts = np.array([lesions_at(maps, truth, t) for t in thresholds], float)
    labels = np.stack([ndimage.label(mask, EIGHT)[0] for mask in truth])
    tensors = {
        "maps": maps, "truth": truth.astype(np.float32), "image": image, "healthy": healthy,
        "labels": labels.astype(np.float32),
        "auprc": average_precision_score(lesion, flat), "auroc": roc_auc_score(lesion, flat),
        "thresholds": thresholds,
        "dice": [f1_score(lesion, one, zero_division=0) for one in above],
        "false_positive_rate": [one[~lesion].mean() for one in above],
        "lesion_recall": counts[:, 1] / counts[:, 0],
        "false_positives_per_case": counts[:, 2] / CASES,
        "quantiles": np.quantile(flat[~lesion].astype(np.float64), [0.5, 0.95, 0.99]),
        "restoration": np.mean([restoration(*one) for one in zip(image, healthy, truth)], 0),
    }
    header, blob = {}, b""
    for name, values in tensors.items():
        kept = name in ("maps", "truth", "image", "healthy", "labels")
        array = np.ascontiguousarray(np.atleast_1d(values), "<f4" if kept else "<f8")
        header[name] = {"dtype": "F32" if kept else "F64", "shape": list(array.shape),
                        "data_offsets": [len(blob), len(blob) + array.nbytes]}
        blob += array.tobytes()
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text + blob)


if __name__ == "__main__":
    main(sys.argv[1])
