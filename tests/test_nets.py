import pytest
import torch
from torch import nn

from monge.errors import InputError
from monge.nets import LayerSummary, LeNet5, count_parameters, evaluating, summarize
from monge.training import seeded


def images(n, channels=1):
    return torch.rand(n, channels, 32, 32, generator=torch.Generator().manual_seed(5))


# conv c*6*25+6, conv 6*16*25+16, linear 400*120+120, 120*84+84, 84*10+10
@pytest.mark.parametrize(
    ("channels", "expected"),
    [(1, 156 + 2416 + 48120 + 10164 + 850), (3, 456 + 2416 + 48120 + 10164 + 850)],
)
def test_parameter_count_by_hand(channels, expected):
    assert count_parameters(LeNet5(n_channels=channels)) == expected


def test_one_channel_has_the_published_count():
    assert count_parameters(LeNet5()) == 61706


def test_frozen_and_shared_parameters():
    first = nn.Linear(3, 3)
    net = nn.Sequential(first, first, nn.Linear(3, 2).requires_grad_(False))
    assert count_parameters(net) == 12
    assert [row.parameters for row in summarize(net, (3,))] == [12, 0, 0]


def test_forward_is_the_network_of_the_paper():
    net, x = seeded(0, LeNet5), images(3)
    weights = dict(net.named_parameters())

    def conv(x, name):
        out = nn.functional.conv2d(x, weights[f"{name}.weight"], weights[f"{name}.bias"])
        return nn.functional.max_pool2d(out.relu(), 2)

    def linear(x, name):
        return nn.functional.linear(x, weights[f"{name}.weight"], weights[f"{name}.bias"])

    hidden = conv(conv(x, "convolutions.0"), "convolutions.3").reshape(3, 400)
    features = linear(linear(hidden, "embedding.0").relu(), "embedding.2").relu()
    torch.testing.assert_close(net.features(x), features)
    torch.testing.assert_close(net(x), linear(features, "output"))
    assert features.shape == (3, 84)


def test_double_softmax_gives_the_cross_entropy_probabilities():
    plain = seeded(0, LeNet5)
    double = seeded(0, lambda: LeNet5(double_softmax=True))
    x, labels = images(4), torch.tensor([0, 3, 9, 1])
    probabilities = plain(x).softmax(1)
    torch.testing.assert_close(double(x), probabilities)
    torch.testing.assert_close(double.probabilities(x), probabilities)
    torch.testing.assert_close(plain.probabilities(x), probabilities)
    torch.testing.assert_close(double.logits(x), plain(x))
    by_hand = -probabilities.softmax(1).log()[torch.arange(4), labels].mean()
    torch.testing.assert_close(nn.functional.cross_entropy(double(x), labels), by_hand)


@pytest.mark.parametrize("shape", [(2, 3, 32, 32), (2, 1, 28, 28), (1, 32, 32), (2, 1, 32, 32, 1)])
def test_wrong_images_get_a_sentence(shape):
    with pytest.raises(InputError, match=r"^LeNet5: 'x' must be images of shape \(n, 1, 32, 32\)"):
        LeNet5()(torch.zeros(shape))


@pytest.mark.parametrize("options", [{"n_channels": 0}, {"n_classes": 1}, {"n_classes": 2.5}])
def test_wrong_options_are_refused(options):
    with pytest.raises(InputError, match="LeNet5: 'n_c"):
        LeNet5(**options)


def test_summary_by_hand():
    rows = summarize(LeNet5(n_channels=3, double_softmax=True), (3, 32, 32))
    assert [(row.kind, row.output_shape, row.parameters) for row in rows] == [
        ("Conv2d", (6, 28, 28), 456),
        ("MaxPool2d", (6, 14, 14), 0),
        ("ReLU", (6, 14, 14), 0),
        ("Conv2d", (16, 10, 10), 2416),
        ("MaxPool2d", (16, 5, 5), 0),
        ("ReLU", (16, 5, 5), 0),
        ("Flatten", (400,), 0),
        ("Linear", (120,), 48120),
        ("ReLU", (120,), 0),
        ("Linear", (84,), 10164),
        ("ReLU", (84,), 0),
        ("Linear", (10,), 850),
        ("Softmax", (10,), 0),
    ]
    expected = LayerSummary(name="output", kind="Linear", output_shape=(10,), parameters=850)
    assert rows[-2] == expected


@pytest.mark.parametrize("shape", [(1, 32, 32), (1, 28, 28)])
def test_summary_leaves_no_state(shape):
    net = LeNet5()
    net.embedding.eval()
    modes = [module.training for module in net.modules()]
    random = torch.get_rng_state()
    if shape == (1, 32, 32):
        summarize(net, shape)
    else:
        with pytest.raises(InputError):
            summarize(net, shape)
    assert [module.training for module in net.modules()] == modes
    assert not any(module._forward_hooks for module in net.modules())
    assert all(p.grad is None for p in net.parameters())
    assert torch.equal(torch.get_rng_state(), random)
    assert torch.is_grad_enabled()


def test_summary_of_rows_that_do_not_fit():
    with pytest.raises(InputError, match="summarize: 'input_shape' must be the shape of one row"):
        summarize(nn.Linear(3, 2), (4,))


def test_evaluating_restores_each_submodule_after_an_error():
    net = nn.Sequential(nn.Dropout(), nn.Linear(1, 1).eval())

    def fail():
        with evaluating(net):
            assert not any(module.training for module in net.modules())
            raise KeyError

    with pytest.raises(KeyError):
        fail()
    assert [module.training for module in net.modules()] == [True, True, False]
