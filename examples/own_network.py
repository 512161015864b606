# %% [markdown]
# # A network of your own, adapted in a few lines
#
# A small network has learned from the digits of one scanner, and now meets those of another, which
# blurs and fades them and does not say which digit is which. Nothing here before the last part
# knows of monge: put your own network, its layer and your own loaders in its place.

# %%
import torch
from sklearn.datasets import load_digits
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

import monge
from monge.neighbors import nearest

torch.manual_seed(0)
digits = load_digits()
images = torch.tensor(digits.images, dtype=torch.float32)[:, None] / 16
labels = torch.tensor(digits.target)
source = DataLoader(TensorDataset(images[:900], labels[:900]), batch_size=64, shuffle=True)
target, held_out = images[900:], digits.target[900:]
target = 0.6 * nn.functional.avg_pool2d(target, 3, stride=1, padding=1) + 0.3

body = nn.Sequential(nn.Conv2d(1, 16, 3), nn.ReLU(), nn.Flatten(), nn.Linear(576, 64), nn.ReLU())
network = nn.Sequential(body, nn.Linear(64, 10))
optimiser = torch.optim.Adam(network.parameters(), lr=1e-3)
for _ in range(15):
    for batch, truth in source:
        optimiser.zero_grad()
        nn.functional.cross_entropy(network(batch), truth).backward()
        optimiser.step()


def score(predicted):
    """Return the accuracy in percent: the only place that reads the target's labels."""
    return 100 * float((predicted == held_out).mean())


print(f"the network as it is:   {score(network(target).argmax(1).numpy()):.1f} %")

# %% [markdown]
# ## Adapt it
#
# The features of the last hidden layer, `network[0]`, and the labels that come with them; then an
# adapter, which classifies these images and any later ones. Look at more than one transport: the
# simple ones are often the better ones.

# %%
x, y = monge.extract_features(network, source, layer="0")
x_target, _ = monge.extract_features(network, target, layer="0")
print(f"1-NN before transport:  {score(y[nearest(x_target, x)].numpy()):.1f} %")
for transport in ("standardise", "coral", "sinkhorn"):
    adapter = monge.Adapter(transport).fit(x.numpy(), y.numpy(), X_target=x_target.numpy())
    print(f"1-NN after {transport + ':':12} {score(adapter.predict(x_target.numpy())):.1f} %")
