# %% [markdown]
# # A network of your own, trained again where the data now is
#
# A small network has learned from the digits of one scanner and meets those of another, which turns
# the page by a quarter of a right angle and does not say which digit is which. Put your own
# network, its layer and your own loaders in the place of these.

# %%
import tempfile

import torch
from sklearn.datasets import load_digits
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

import monge
from monge.joint import Jumbot, Retraining, RetrainingOptions, SelfTraining
from monge.store import load_arrays, save_arrays
from monge.training import Affine, TrainingOptions, TrainingState, predict_probabilities

torch.manual_seed(0)
digits = load_digits()
images = torch.tensor(digits.images, dtype=torch.float32)[:, None] / 16
labels = torch.tensor(digits.target)
turn = torch.tensor([[0.92, -0.38, 0.0], [0.38, 0.92, 0.0]]).expand(897, 2, 3)  # 22.5 degrees
target, held_out = images[900:], labels[900:]
grid = nn.functional.affine_grid(turn, target.shape, align_corners=False)
target = nn.functional.grid_sample(target, grid, align_corners=False)

source = DataLoader(TensorDataset(images[:900], labels[:900]), batch_size=100, shuffle=True)
target_loader = DataLoader(TensorDataset(target), batch_size=100, shuffle=True)
body = nn.Sequential(nn.Conv2d(1, 16, 3), nn.ReLU(), nn.Flatten(), nn.Linear(576, 64), nn.ReLU())
network = nn.Sequential(body, nn.Linear(64, 10))
monge.training.fit(network, images[:900], labels[:900], options=TrainingOptions(epochs=40))


def score(net):
    """Return the accuracy in percent: the only place that reads the target's labels."""
    return 100 * float((predict_probabilities(net, target).argmax(1) == held_out).double().mean())


print(f"the network as it is:        {score(network):.1f} %")

# %% [markdown]
# ## Train it again
#
# On both domains at once: pairs of like rows, found by unbalanced transport in each minibatch, are
# drawn together at the layer `"0"`. After every epoch the state is written to disk, whole or not at
# all. Here the training is broken off after three epochs and goes on from that file, to the weights
# that it would have had without a break.

# %%
folder = tempfile.TemporaryDirectory()  # gone at the end: name one of your own
place = f"{folder.name}/state"


def keep(state):
    """Write the state: tensors as safetensors, the rest as JSON."""
    save_arrays(place, state.tensors, state.to_config())


def retraining(epochs):
    """Say how long to train; what else decides the result stays as it is."""
    options = RetrainingOptions(epochs=epochs, steps=50, learning_rate=1e-3)
    return Retraining(objective=Jumbot(), layer="0", options=options)


retraining(3).fit(network, source, target_loader, on_epoch=keep)  # and here the power fails
state = TrainingState.from_config(*load_arrays(place))  # in another process, say
retrained = retraining(6).fit(network, source, target_loader, state=state, on_epoch=keep)
print(f"retrained on both domains:   {score(retrained.model):.1f} %")

# %% [markdown]
# ## Then on the target alone
#
# The graph of the target's rows, in the features of the retrained network and in the pixels, says
# which of them belong together; a plan carries the source labels there. The network then learns
# these labels, each image moved a little at every step.

# %%
x, y = monge.extract_features(retrained.model, source, layer="0")
z, _ = monge.extract_features(retrained.model, target, layer="0")
adapter = monge.Adapter("graph").fit(x, y, X_target=z, target_views=[target.flatten(1)])
votes = torch.tensor(adapter.predict(z))
learned = SelfTraining(augment=Affine()).fit(retrained.model, target, votes)
print(f"then on its own target:      {score(learned.model):.1f} %")
folder.cleanup()
