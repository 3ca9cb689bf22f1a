"""Values that the papers report, for comparison with those measured here.

"On Memorization in Diffusion Models" (Gu et al. 2023, https://arxiv.org/abs/2310.02664): CIFAR-10, a U-Net of 128
channels, one run per cell, the best of all snapshots. Shares are read off its figures to within half a point (a point
for true labels), EMM is the linear interpolation of them, and where only the direction is known its source is named.
"""

EFFECTIVE = {
    "E1": "R_mem 99.0, 92.0, 61.0, 17.3 % at 0.5k, 1k, 2k, 4k (figure 2a)",
    "E2": "EMM 7.6k, 4.6k, 1.07k at 8, 16, 32 px: 0.14 from first to last (figure 2a)",
    "E3": "rises from 128 to 320 channels (a third party's notes and reviews; numbers not known)",
    "E4": "not monotone from 2 to 12 blocks (a third party's notes; numbers not known)",
    "E5": "R_mem at 1k with one connection kept: 91.8 to 92.8 % at 32 px, 0.0 to 12.8 % at 8 px (figure 4)",
    "E6": "EMM 1.38k and 1.38k: 1.00 (figure 5a)",
    "E7": "EMM 1.38k at C = 10, 2k at about 50, 5k at about 700 (figure 5b)",
    "E8": "65 % of 50k images at epoch 11.8k, 0 without labels (figure of EDM)",
    "E9": "little effect (reviews; numbers not known)",
    "E10": "large values change R_mem much (reviews; numbers and quality not known)",
    "E11": "1.29 at C = 10, 0.13 of what this says (figure 5a)",
}
