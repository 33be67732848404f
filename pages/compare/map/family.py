"""The map of generative models, after Goodfellow's taxonomy: what each can say of p(v), and the page that has it."""

from __future__ import annotations

from typing import NamedTuple

import streamlit as st

from pages.ui import shell
from rbm.core.language import _


class Kin(NamedTuple):
    """One model: what it does in a sentence, and the address of its page, empty where this app has none."""

    name: str
    icon: str
    about: str
    address: str = ""


class Branch(NamedTuple):
    """Models that are alike in what they know of p(v)."""

    name: str
    about: str
    kin: tuple[Kin, ...]


EXPLICIT = (
    Branch(
        _("Tractable"),
        _("p(v) can be computed, exactly."),
        (
            Kin(
                _("Tiny machines, enumerated"),
                "equalizer",
                _("Up to 12 units: every state's energy, Z and all probabilities, exact."),
                "energy",
            ),
            Kin(
                _("Autoregressive models"),
                "last_page",
                _("One pixel after the other, p(v) = Π p(vᵢ | v₁ … vᵢ₋₁): NADE, PixelCNN."),
            ),
            Kin(
                _("Normalising flows"),
                "waves",
                _("Noise bent into pictures by a map that can be inverted: NICE, Glow."),
            ),
        ),
    ),
    Branch(
        _("Approximate, by a Markov chain"),
        _("p(v) = e^(−F(v)) / Z, but Z is out of reach: learning and sampling go by chains."),
        (
            Kin(
                _("Restricted Boltzmann machine"),
                "model_training",
                _("No edges within a layer, so that a whole layer can be drawn at once."),
                "train",
            ),
            Kin(
                _("Boltzmann machine"),
                "share",
                _("All units joined: the RBM's parent, far slower to sample."),
                "boltzmann",
            ),
            Kin(
                _("Hopfield network"),
                "psychology",
                _("The same energy without chance: it falls into a memory instead of sampling."),
                "hopfield",
            ),
            Kin(
                _("Deep belief nets and DBMs"),
                "stacks",
                _("RBMs upon RBMs: a bound on the likelihood, and an estimate of Z."),
                "deep",
            ),
        ),
    ),
    Branch(
        _("Approximate, by a bound"),
        _("A lower bound on log p(v) that gradients can climb."),
        (
            Kin(
                _("Variational autoencoder"),
                "compress",
                _("A code with a distribution; the encoder makes the bound tight."),
                "rivals",
            ),
            Kin(
                _("Diffusion models"),
                "blur_on",
                _("A long chain of small denoising steps, learnt from a bound on each."),
            ),
        ),
    ),
)
IMPLICIT = (
    Branch(
        _("Direct"),
        _("Samples in one go; no probability at all."),
        (
            Kin("GAN", "swords", _("A generator learns to fool a discriminator."), "rivals"),
            Kin("DCGAN", "grid_on", _("The same with convolutions."), "rivals"),
        ),
    ),
    Branch(
        _("By a Markov chain"),
        _("Only the chain's steps are learnt."),
        (Kin(_("Generative stochastic networks"), "sync", _("Corrupt, denoise, repeat.")),),
    ),
)
NEITHER = Branch(
    _("No distribution"),
    _("Until one is fitted to its codes."),
    (Kin(_("Autoencoder"), "unfold_less", _("Squeeze a picture and unfold it again."), "rivals"),),
)


def script(address: str) -> str | None:
    """The page at an address; None where there is none."""
    return next(
        (e.script for entries in shell.PAGES.values() for e in entries if address and e.address == address), None
    )


def draw() -> None:
    """The whole map: two families with their branches, and who belongs to neither."""
    with st.container(border=True, key="map_explicit"):
        st.subheader(_("Explicit: p(v) is written down"), anchor=False)
        for place, branch in zip(st.columns(len(EXPLICIT), gap="medium"), EXPLICIT, strict=True):
            with place:
                _branch(branch)
    left, right = st.columns([2, 1], gap="medium")
    with left, st.container(border=True, key="map_implicit"):
        st.subheader(_("Implicit: only samples"), anchor=False)
        for place, branch in zip(st.columns(len(IMPLICIT), gap="medium"), IMPLICIT, strict=True):
            with place:
                _branch(branch)
    with right, st.container(border=True, key="map_neither"):
        st.subheader(_("Neither"), anchor=False)
        _branch(NEITHER)


def _branch(branch: Branch) -> None:
    st.markdown(f"**{branch.name}**")
    st.caption(branch.about)
    for one in branch.kin:
        page = script(one.address)
        with st.container(border=True, gap="xsmall"):
            if page is None:
                st.markdown(f":material/{one.icon}: {one.name}")
                st.caption(_("{about} *Not in this app.*").format(about=one.about))
            else:
                st.page_link(
                    page, label=f"**{one.name}**", icon=f":material/{one.icon}:", help=_("Open the page that has it.")
                )
                st.caption(one.about)
