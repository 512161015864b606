"""LeNet5, the network of the main experiment, and the table that describes any network.

Modules only: training lives in `monge.training`.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

import torch
from torch import nn

from monge._types import Tensor
from monge.errors import InputError, sentence

__all__ = ["LayerSummary", "LeNet5", "count_parameters", "evaluating", "summarize"]

IMAGE_SIDE = 32
FEATURES = 84


class LeNet5(nn.Module):
    """The convolutional network of LeCun et al. (1998) with ReLU and max pooling.

    conv(c, 6, 5) ReLU pool2, conv(6, 16, 5) ReLU pool2, 400 -> 120 ReLU -> 84 ReLU -> ``L``.
    Its submodules are ``convolutions`` (n, 400), ``embedding`` (n, 84), ``output`` (n, L) and
    ``activation`` (the softmax, or the identity); each name serves as a ``layer`` of
    `monge.training.extract_features`.

    Parameters
    ----------
    n_channels
        Channels of an image: 1 for grey, 3 for colour.
    n_classes
        Number of classes ``L``, at least 2.
    double_softmax
        Whether the output layer is a softmax, so that a cross-entropy, which takes a second
        softmax, is trained on probabilities. A quirk of the published experiment that its figures
        need; leave it off elsewhere, for it weakens the gradient.

    Raises
    ------
    InputError
        If ``n_channels`` or ``n_classes`` is out of range.

    Notes
    -----
    The pooling is written before the ReLU: both orders give the same numbers and gradients, since
    ReLU is monotone, and this one applies the ReLU to a quarter of the entries. The kernels are
    laid out channels last, which is faster on a CPU and changes no shape.

    Examples
    --------
    >>> count_parameters(LeNet5())
    61706
    >>> LeNet5(n_channels=3)(torch.zeros(2, 3, 32, 32)).shape
    torch.Size([2, 10])
    """

    n_features = FEATURES

    def __init__(
        self, *, n_channels: int = 1, n_classes: int = 10, double_softmax: bool = False
    ) -> None:
        super().__init__()
        _require_count("n_channels", n_channels, 1)
        _require_count("n_classes", n_classes, 2)
        self.n_channels = n_channels
        self.n_classes = n_classes
        self.double_softmax = double_softmax
        self.convolutions = nn.Sequential(
            nn.Conv2d(n_channels, 6, 5),
            nn.MaxPool2d(2),
            nn.ReLU(),
            nn.Conv2d(6, 16, 5),
            nn.MaxPool2d(2),
            nn.ReLU(),
            nn.Flatten(),
        )
        self.embedding = nn.Sequential(
            nn.Linear(400, 120), nn.ReLU(), nn.Linear(120, FEATURES), nn.ReLU()
        )
        self.output = nn.Linear(FEATURES, n_classes)
        self.activation: nn.Module = nn.Softmax(dim=1) if double_softmax else nn.Identity()
        for kernel in (p for p in self.parameters() if p.ndim == 4):  # noqa: PLR2004 - kernels
            kernel.data = kernel.data.contiguous(memory_format=torch.channels_last)

    def forward(self, x: Tensor) -> Tensor:
        """Return what the cross-entropy is given: logits, or probabilities if `double_softmax`.

        Parameters
        ----------
        x
            Images (n, n_channels, 32, 32), float32, pixels in [0, 1].

        Returns
        -------
        Tensor
            (n, L).

        Raises
        ------
        InputError
            If the images have another shape.
        """
        scores: Tensor = self.activation(self.logits(x))
        return scores

    def features(self, x: Tensor) -> Tensor:
        """Return the activations (n, 84) after the last ReLU; `x` as in `forward`."""
        self._require_images(x)
        activations: Tensor = self.embedding(self.convolutions(x))
        return activations

    def logits(self, x: Tensor) -> Tensor:
        """Return the outputs (n, L) before any softmax; `x` as in `forward`."""
        logits: Tensor = self.output(self.features(x))
        return logits

    def probabilities(self, x: Tensor) -> Tensor:
        """Return the class probabilities (n, L): one softmax of the logits, in either variant."""
        return torch.softmax(self.logits(x), dim=1)

    def _require_images(self, x: Tensor) -> None:
        expected = (self.n_channels, IMAGE_SIDE, IMAGE_SIDE)
        if x.ndim != 1 + len(expected) or tuple(x.shape[1:]) != expected:
            raise InputError(
                sentence(
                    "LeNet5",
                    "x",
                    f"images of shape (n, {self.n_channels}, {IMAGE_SIDE}, {IMAGE_SIDE})",
                    tuple(x.shape),
                    "resize the images, or build the network with another n_channels",
                )
            )


@dataclass(frozen=True, kw_only=True)
class LayerSummary:
    """One row of the table that describes a network.

    Attributes
    ----------
    name
        Dotted name of the submodule, as ``layer=`` takes it.
    kind
        Class of the submodule, e.g. ``"Conv2d"``.
    output_shape
        Shape of its output for one row, without the leading ``n``.
    parameters
        Numbers it learns; a submodule that is called twice counts them once.

    Examples
    --------
    >>> LayerSummary(name="fc", kind="Linear", output_shape=(10,), parameters=850).name
    'fc'
    """

    name: str
    kind: str
    output_shape: tuple[int, ...]
    parameters: int


def count_parameters(model: nn.Module) -> int:
    """Return how many numbers `model` learns: shared ones count once, frozen ones do not count.

    Examples
    --------
    >>> count_parameters(nn.Linear(3, 2))
    8
    """
    return sum(p.numel() for p in model.parameters() if p.requires_grad)


@contextmanager
def evaluating(model: nn.Module) -> Iterator[None]:
    """Put `model` into evaluation mode, and each submodule back into its own mode afterwards.

    Examples
    --------
    >>> model = nn.Dropout()
    >>> with evaluating(model):
    ...     print(model.training)
    False
    >>> model.training
    True
    """
    modes = [(module, module.training) for module in model.modules()]
    model.eval()
    try:
        yield
    finally:
        for module, training in modes:
            module.training = training


def summarize(model: nn.Module, input_shape: tuple[int, ...]) -> tuple[LayerSummary, ...]:
    """List the layers of `model` in the order in which a row passes through them.

    Parameters
    ----------
    model
        Any network that takes one tensor. It is run once on a row of zeros, in evaluation mode and
        without gradients, and is left as it was found.
    input_shape
        Shape of one row, e.g. ``(1, 32, 32)``.

    Returns
    -------
    tuple of LayerSummary
        One row per call of a submodule that has no children or has parameters of its own.

    Raises
    ------
    InputError
        If `model` cannot take rows of that shape.

    Examples
    --------
    >>> summarize(LeNet5(), (1, 32, 32))[0]
    LayerSummary(name='convolutions.0', kind='Conv2d', output_shape=(6, 28, 28), parameters=156)
    """
    rows: list[LayerSummary] = []
    counted: set[int] = set()

    def listen(module: nn.Module, name: str) -> torch.utils.hooks.RemovableHandle:
        def note(_module: nn.Module, _inputs: object, output: object) -> None:
            own = [p for p in module.parameters(recurse=False) if id(p) not in counted]
            counted.update(id(p) for p in own)
            shape = tuple(output.shape[1:]) if isinstance(output, torch.Tensor) else ()
            parameters = sum(p.numel() for p in own if p.requires_grad)
            kind = type(module).__name__
            rows.append(
                LayerSummary(name=name, kind=kind, output_shape=shape, parameters=parameters)
            )

        return module.register_forward_hook(note)

    example = next(model.parameters(), torch.zeros(0))
    zeros = torch.zeros(1, *input_shape, dtype=example.dtype, device=example.device)
    with ExitStack() as stack:
        for name, module in model.named_modules():
            if not any(module.children()) or any(True for _ in module.parameters(recurse=False)):
                stack.callback(listen(module, name).remove)
        stack.enter_context(evaluating(model))
        stack.enter_context(torch.no_grad())
        try:
            model(zeros)
        except InputError:
            raise
        except (RuntimeError, ValueError, IndexError) as error:
            raise InputError(
                sentence(
                    "summarize",
                    "input_shape",
                    "the shape of one row that the model takes",
                    f"{input_shape} ({error})",
                    "pass it without the number of rows, for example (1, 32, 32)",
                )
            ) from error
    return tuple(rows)


def _require_count(name: str, value: object, least: int) -> None:
    if isinstance(value, bool) or not isinstance(value, int) or value < least:
        raise InputError(
            sentence("LeNet5", name, f"an integer of at least {least}", value, "pass a larger one")
        )
