#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Everything docs/results.md shows, from the images to the tables: sh scripts/results.sh DATA [STAGE...]
# DATA holds ixi/ (png/, splits/train.csv, val.csv, test.csv), stroke/index.csv, brain-volumes/ and brain-tumours/. Stages, all by default:
#   train      the networks, some ten hours on two cores; what is there already is left alone, what was stopped goes on
#   ship       results/brain-t1-axial.safetensors and results/brain-t1.safetensors as models/ has them, from the networks
#   sets       painted validation slices, other scanners, the real patient
#   tables     configs/results/*.yaml, some forty minutes; finished parts are kept
#   real       configs/results/real.yaml: real gliomas (DATA/brain-tumours), members, what each part brings; ten minutes
# Everything is written to results/; delete it to begin anew.
set -eu
cd "$(dirname "$0")/.."
[ $# -ge 1 ] && [ -d "$1/ixi" ] || { echo "usage: sh scripts/results.sh DATA [train|ship|sets|tables|real ...], DATA with the folders ixi, stroke, brain-volumes, brain-tumours" >&2; exit 2; }
data=$(cd "$1" && pwd)
shift
stages=${*:-train ship sets tables real}
[ -d "$data/brain-tumours" ] || { echo "there is no $data/brain-tumours, which the stages sets and real need" >&2; exit 2; }
thor=${THOR:-build/release/thor}
[ -x "$thor" ] || { echo "there is no $thor; make build" >&2; exit 2; }
mkdir -p results/runs results/sets
ln -sfn "$data" results/data
templates="--template MNI152NLin2009cSym=results/data/brain-volumes/MNI152_2009_template.nii.gz \
  --template MNI152NLin2009cSym_brain=results/data/brain-volumes/mni_icbm152_t1_tal_nlin_sym_09c_mask.nii.gz"

# train_network NAME FROM EXPERIMENT SETTINGS...: from the start (FROM is -), from another run, or from where it was stopped
train_network() {
  name=$1 experiment=$3 from=
  [ -f "results/runs/$name/done" ] && return
  [ "$2" = - ] || from="--from results/runs/$2/model.safetensors"
  [ -f "results/runs/$name/checkpoint.safetensors" ] && from=--resume
  shift 3
  "$thor" train "$experiment" --data "results/${slices-}train.safetensors" --val "results/${slices-}val.safetensors" \
    --out "results/runs/$name" $from "$@"
  touch "results/runs/$name/done"
}

# Diffusion models: on all timesteps first, then on those below which detectors start.
stage_train() {
  for list in train val; do
    [ -f results/$list.safetensors ] ||
      "$thor" prepare "results/data/ixi/splits/$list.csv" -o results/$list.safetensors --config configs/thor-brain-small.yaml
  done
  steps="--set train.max_minutes=0 --set train.sample_every=0 --set train.steps"
  low="--set train.t_max" simplex="--set noise.kind=simplex"
  train_network gaussian-all - configs/thor-brain-small.yaml $steps=6272
  train_network gaussian gaussian-all configs/thor-brain-small.yaml $steps=4000 $low=450
  train_network simplex-all - configs/thor-brain-small.yaml $simplex $steps=6955
  train_network simplex simplex-all configs/thor-brain-small.yaml $simplex $steps=3300 $low=400
  train_network pddpm-all - configs/pddpm-brain-small.yaml $steps=6272
  train_network pddpm pddpm-all configs/pddpm-brain-small.yaml $steps=4000 $low=550
  # What ships: THOR's network trained longer, and a restorer, first on slices of this scanner only. The last steps are small.
  last="--set train.learning_rate=0.0001 --set train.warmup=1"
  train_network simplex-9094 simplex-all configs/thor-brain-small.yaml $simplex $steps=9094 $low=400
  train_network simplex-long simplex-9094 configs/thor-brain-small.yaml $simplex $steps=500 $last $low=400
  train_network restorer-one-scanner - configs/restorer-brain-small.yaml $steps=6257 --set train.scanner.share=0
  train_network restorer-11029 restorer-one-scanner configs/restorer-brain-small.yaml $steps=11029
  train_network restorer restorer-11029 configs/restorer-brain-small.yaml $steps=500 $last
  stage_train_heads
  stage_train_variants
}

# Whole heads go on from the networks of one height: the volumes of one hospital, and the slices of all three.
stage_train_heads() {
  for list in train val; do
    { echo image
      awk -F, -v folder="$data/brain-volumes/ixi-hh/" 'NR > 1 { print folder $1 }' "$data/brain-volumes/ixi-hh/$list.csv"
      awk -v folder="$data/ixi/" 'NR > 1 { print folder $1 }' "$data/ixi/splits/$list.csv"; } > results/head-$list.csv
    [ -f results/head-$list.safetensors ] ||
      "$thor" prepare results/head-$list.csv -o results/head-$list.safetensors --config configs/restorer-head.yaml $templates --workers 2
  done
  slices=head-
  train_network restorer-head-12318 restorer configs/restorer-head.yaml $steps=12318
  train_network restorer-head restorer-head-12318 configs/restorer-head.yaml $steps=500 $last
  train_network thor-head-5245 simplex-long configs/thor-head.yaml $steps=5245
  train_network thor-head thor-head-5245 configs/thor-head.yaml $steps=400 $last
  slices=
}

# What the parts of the restorer's training bring: short trainings from the network of one height, one thing left out in each.
stage_train_variants() {
  slices=head-
  train_network variant-control restorer configs/restorer-head.yaml $steps=1500
  train_network variant-no-height restorer configs/restorer-head.yaml $steps=1500 --set model.z_condition=false
  train_network variant-one-scanner restorer configs/restorer-head.yaml $steps=1500 --set train.scanner.share=0
  slices=
}

# every_other FIRST: that half of the validation slices, their paths absolute
every_other() {
  echo image
  awk -v first="$1" -v folder="$data/ixi/" 'NR > 1 && NR % 2 == first { print folder $1 }' results/data/ixi/splits/val.csv
}

# Lesions to choose on are painted into this half of the validation slices.
halve_validation() {
  mkdir -p results/ship
  every_other 0 > results/ship/reference.csv
}

# member NAME RUN EXPERIMENT SETTINGS...: a network in half the size, with the preprocessing steps for raw scans, the brain of the
# training slices, which scans are matched to, and its detector
member() {
  name=$1 run=$2 experiment=$3
  shift 3
  "$thor" import "results/runs/$run/model.safetensors" -o "results/ship/$name-fp32.safetensors" --config "$experiment" $templates
  "$thor" pack "results/ship/$name-fp32.safetensors" -o "results/ship/$name.safetensors" --match-to "results/${slices-}train.safetensors" "$@"
}

# ensemble NAME RESTORER THOR REFERENCE CALIBRATION CHECK [OPTIONS]: both members as one model, calibrated with these options
ensemble() {
  shipped=results/$1.safetensors options=${7-} bf16="--precision bf16"
  "$thor" combine restorer="results/ship/$2.safetensors" thor="results/ship/$3.safetensors" --data "$4" -o results/ship/both.safetensors $bf16
  "$thor" pack results/ship/both.safetensors -o "$shipped" --set detector.region=brain --set detector.score=top --set detector.smooth=2
  "$thor" calibrate "$shipped" --data "$5" --check "$6" $bf16 $options
  for one in restorer thor; do "$thor" calibrate "$shipped" --member $one --data "$5" --check "$6" $bf16; done
}

# Two healthy heads of other scanners.
list_other_scanners() {
  printf 'image\n%s\n%s\n' "$data/brain-volumes/colin27_t1_skull.nii.gz" "$data/dicom/studyforrest" > results/sets/others.csv
}

stage_ship() {
  halve_validation
  list_other_scanners
  relative="--set detector.region=brain --set detector.relative_to=0.5"
  restorer="--detector restorer --set detector.perceptual=ssim $relative"
  chains="--detector thor --set detector.speed=fast --set detector.perceptual=ssim $relative"
  member restorer restorer configs/restorer-brain-small.yaml $restorer
  member thor simplex-long configs/thor-brain-small.yaml $chains
  # All validation slices are references and calibration, by cross-fitting: 29 of 58 gave thresholds that the others exceed twofold.
  validation=results/data/ixi/splits/val.csv
  ensemble brain-t1-axial restorer thor $validation $validation results/data/ixi/splits/test.csv "--folds 10"
  # Whole heads: six validation volumes for the healthy references, the other fifteen for the calibration.
  slices=head-
  member restorer-head restorer-head configs/restorer-head.yaml $restorer
  member thor-head thor-head configs/thor-head.yaml $chains
  slices=
  volumes=$data/brain-volumes/ixi-hh
  awk -F, -v folder="$volumes/" 'NR == 1 { print "image" } NR > 1 && NR <= 7 { print folder $1 }' "$volumes/val.csv" > results/ship/head-reference.csv
  awk -F, -v folder="$volumes/" 'NR == 1 { print "image" } NR > 7 { print folder $1 }' "$volumes/val.csv" > results/ship/head-calibration.csv
  ensemble brain-t1 restorer-head thor-head results/ship/head-reference.csv results/ship/head-calibration.csv results/sets/others.csv
}

# simulated NAME KIND STRENGTH: the stroke set as from another scanner
simulated() {
  [ -f "results/sets/$1/index.csv" ] ||
    "$thor" synthesize simulate results/data/stroke/index.csv -o "results/sets/$1" --set change.kind="$2" --set change.strength="$3"
}

# healthy_as NAME KIND STRENGTH: the healthy test slices as from another scanner
healthy_as() {
  [ -f "results/sets/healthy-$1/index.csv" ] ||
    "$thor" synthesize simulate results/data/ixi/splits/test.csv -o "results/sets/healthy-$1" --set change.kind="$2" \
      --set change.strength="$3"
}

# Healthy scans that thor evaluate rates is run on.
healthy_sets() {
  healthy_as bias-015 bias_field 0.15
  healthy_as bias-030 bias_field 0.3
  healthy_as noise-003 noise 0.03
  healthy_as noise-005 noise 0.05
  healthy_as contrast-075 contrast 0.75
  healthy_as contrast-133 contrast 1.33
  healthy_as resolution resolution 2
  healthy_as shift shift 2
  awk -F, -v folder="$data/brain-tumours/" 'NR == 1 { print "image" } NR > 1 && $3 == 0 { print folder $1 }' \
    "$data/brain-tumours/slices.csv" > results/sets/glioma-site.csv
  list_other_scanners
}

# The variants of the restorer in configs/results/real.yaml, from networks of stage train.
real_variants() {
  mkdir -p results/variants
  restorer="--detector restorer --set detector.perceptual=ssim --set detector.region=brain --set detector.relative_to=0.5"
  slices=head-
  for name in control no-height one-scanner; do
    [ -f results/variants/$name.safetensors ] && continue
    no_height=
    [ $name = no-height ] && no_height="--set model.z_condition=false"
    "$thor" import results/runs/variant-$name/model.safetensors -o results/variants/fp32.safetensors --config configs/restorer-head.yaml $no_height $templates
    "$thor" pack results/variants/fp32.safetensors -o results/variants/$name.safetensors --match-to results/head-train.safetensors $restorer
  done
  slices=
}

# A raw scan through the preprocessing steps, as slices on the grid of its tumour masks.
real_patient() {
  [ -f results/sets/glioma/masks.csv ] && return
  glioma=$data/brain-volumes/glioma_TCGA-FG-6692
  "$thor" prepare "$glioma/t1_raw_with_skull.nii.gz" -o results/sets/glioma.safetensors --pictures results/sets/glioma \
    --config configs/thor-brain-small.yaml --set "preprocess.slices=[18,28]" $templates
  {
    echo image,mask,group
    for z in 18 23 28; do
      echo "$(pwd)/results/sets/glioma/t1_raw_with_skull_z+$z.0.png,$glioma/glioma_TCGA-FG-6692_rawskull_z+${z}_mask.png,real"
    done
  } > results/sets/glioma/masks.csv
}

stage_sets() {
  halve_validation
  [ -f results/sets/painted/index.csv ] || "$thor" synthesize paint results/ship/reference.csv -o results/sets/painted
  simulated bias-field bias_field 0.3
  simulated noise noise 0.03
  simulated contrast contrast 0.75
  simulated resolution resolution 2
  simulated shift shift 2
  real_patient
  healthy_sets
}

stage_tables() {
  for config in methods published seeds scanner; do "$thor" benchmark configs/results/$config.yaml; done
  for config in noise-level better; do "$thor" ablate configs/results/$config.yaml; done
  "$thor" evaluate rates configs/results/rates.yaml
}

# Real gliomas: members, other methods, what each part brings.
stage_real() {
  real_variants
  "$thor" benchmark configs/results/real.yaml
}

for stage in $stages; do
  case $stage in
    train|ship|sets|tables|real) "stage_$stage" ;;
    *) echo "'$stage' is no stage; expected train, ship, sets, tables or real" >&2; exit 2 ;;
  esac
done
