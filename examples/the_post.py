# %% [markdown]
# # Optimal transport for domain adaptation, section by section
#
# A network trained on one set of digits loses accuracy on another. Optimal transport moves what it
# knows to where the other set lies, without a single label there. Run this file as it is
# (`python examples/the_post.py`), or cell by cell in an editor that knows `# %%`.
#
# It uses the small sets that come with the packages: 5,000 MNIST digits as the source, 1,797 UCI
# digits as the target. `monge run mnist-usps` does the same with the post's own sets.

# %%
import argparse

import torch

import monge
from monge.data import load_mnist_5k, load_uci_digits, to_network
from monge.neighbors import nearest
from monge.nets import LeNet5, count_parameters
from monge.training import TrainingOptions, extract_features, fit, predict_probabilities, seeded

parser = argparse.ArgumentParser(description="Optimal transport for domain adaptation, the post.")
parser.add_argument("--rows", type=int, default=5000, help="source images to use")
parser.add_argument("--epochs", type=int, default=30, help="passes over the source")
options = parser.parse_args()

# %% [markdown]
# ## 1. Two domains
#
# The source has labels. The target's are put aside: they are read once, for the score.

# %%
source = load_mnist_5k()
order = torch.randperm(len(source), generator=torch.Generator().manual_seed(0))
source = source.subset(order[: options.rows])
digits = load_uci_digits()
target, held_out = digits.without_labels(), digits.labels
source_images, target_images = to_network(source.x), to_network(target.x)
print(f"source {tuple(source_images.shape)}, target {tuple(target_images.shape)}")

# %% [markdown]
# ## 2. The source network
#
# LeNet5, 61,706 parameters, trained on the source alone.

# %%
network = seeded(0, LeNet5)
print(f"LeNet5 has {count_parameters(network):,} parameters")
history = fit(network, source_images, source.labels, options=TrainingOptions(epochs=options.epochs))
print(f"source accuracy in the last epoch: {100 * history.accuracy[-1]:.1f} %")

# %% [markdown]
# ## 3. Features, and what is lost on the target
#
# The 84 activations after the last ReLU; a nearest neighbour among the source rows classifies.

# %%
x, _ = extract_features(network, source_images)
y, _ = extract_features(network, target_images)


def score(predicted):
    """Return the accuracy in percent: the only place that reads the target's labels."""
    return 100 * float((predicted == held_out).double().mean())


head = predict_probabilities(network, target_images).argmax(1)
print(f"source head on the target: {score(head):.1f} %")
print(f"1-NN before transport:     {score(source.labels[nearest(y, x)]):.1f} %")

# %% [markdown]
# ## 4. The plan
#
# Which source row sends how much mass to which target row, at the least cost, with some entropy:
#
# min <P, C> + eps KL(P | a b')  over P >= 0 with P 1 = a and P' 1 = b
#
# `epsilon_scale="max"` divides the cost by its maximum, as the post does.

# %%
problem = monge.Problem(monge.PointCloud(x, y, cost="sqeuclidean"))
solver = monge.Sinkhorn(epsilon=1e-2, epsilon_scale="max", tolerance=1e-6)
solution = solver.solve(problem)
print(f"plan {solution.plan.shape}: {solution.status.value}, {solution.sweeps} sweeps")
print(f"marginal error {max(solution.marginal_error):.1e}, cost {solution.cost:.4g}")

# %% [markdown]
# How much of the mass joins equal classes? (Target labels are used to look, not to fit.)

# %%
mass = solution.plan.class_mass(source.labels, held_out)
independent = float(mass.sum(1) @ mass.sum(0))
print(f"class sparsity {float(mass.trace()):.2f}, independence would give {independent:.2f}")

# %% [markdown]
# ## 5. The barycentric map
#
# Each source row goes where the plan-weighted cost to the targets that it feeds is least:
#
# T(x_i) = argmin_y sum_j P_ij |y - y_j|^2 = sum_j P_ij y_j / sum_j P_ij

# %%
barycentric = monge.Barycentric().fit(solution)
moved = barycentric(x)
moved_by_hand = solution.plan.pull(y) / solution.plan.marginals().source[:, None]
print(f"largest difference to the formula: {float((moved - moved_by_hand).abs().max()):.1e}")
print(f"1-NN after transport:      {score(source.labels[nearest(y, moved)]):.1f} %")

# %% [markdown]
# ## 6. Points that were not in the plan
#
# The post moves them with their nearest fitted row, T(x) = T(x_i*) + x - x_i*; the entropic map
# continues the formula itself, T(x) = softmax_j((g_j - |x - y_j|^2) / eps + log b_j) y_j.

# %%
entropic = monge.EntropicMap().fit(solution)
unseen = x[:100] + 0.1
print(f"by the nearest row:        {tuple(barycentric(unseen).shape)}")
print(f"by the entropic map:       {tuple(entropic(unseen).shape)}")

# %% [markdown]
# ## 7. The same in three lines, beside the baselines that must always be shown

# %%
for transport in ("standardise", "coral", "linear", "sinkhorn"):
    adapter = monge.Adapter(transport).fit(x.numpy(), source.labels.numpy(), X_target=y.numpy())
    print(f"{transport:12} {score(torch.as_tensor(adapter.predict(y.numpy()))):.1f} %")
