"""The line reader: a small convolutional net, (batch, 1, 48, width) with ink = 1 -> (batch, classes, width / 4); class 0 is the CTC blank.

Two-dimensional layers fold the 48 rows into channels; depthwise-separable blocks over the width read letters, at half the steps where they
gather the context of words, for that is where most of the weights sit and half the steps cost half as much.
"""
import torch
from torch import nn

HEIGHT, STRIDE, WIDTH_MULTIPLE = 48, 4, 8
COARSE_BLOCKS = ((9, 1), (11, 2), (9, 1), (11, 3), (9, 1), (11, 2), (9, 1), (11, 3), (9, 1), (11, 2))   # kernel, dilation


def mixed(inner, outer, kernel=1, stride=1):
    """Convolution, norm and ReLU."""
    return nn.Sequential(nn.Conv2d(inner, outer, kernel, stride, bias=False), nn.BatchNorm2d(outer), nn.ReLU(inplace=True))


class Separable(nn.Module):
    """Each channel looks along the line, then the channels are mixed; added to what came in. One norm a block: norms cost a CPU as much as
    the convolutions they stand behind."""

    def __init__(self, channels, kernel, dilation=1):
        super().__init__()
        self.along = nn.Conv2d(channels, channels, (1, kernel), padding=(0, dilation * (kernel // 2)), dilation=(1, dilation), groups=channels, bias=False)
        self.mix = mixed(channels, channels)

    def forward(self, x):
        return x + self.mix(self.along(x))


class Reader(nn.Module):
    def __init__(self, classes, fine=192, coarse=320):
        super().__init__()
        self.picture = nn.Sequential(
            nn.Conv2d(1, 16, 3, (2, 2), 1), nn.ReLU(inplace=True),
            nn.Conv2d(16, 48, 3, (2, 2), 1, bias=False), nn.BatchNorm2d(48), nn.ReLU(inplace=True),
            nn.Conv2d(48, 48, 3, (2, 1), 1, groups=48, bias=False), mixed(48, 64), mixed(64, fine, (6, 1)))
        self.letters = nn.Sequential(Separable(fine, 7), Separable(fine, 9))
        self.down = nn.Sequential(nn.Conv2d(fine, fine, (1, 4), (1, 2), (0, 1), groups=fine, bias=False), mixed(fine, coarse))
        self.words = nn.Sequential(*[Separable(coarse, k, d) for k, d in COARSE_BLOCKS])
        self.up = mixed(coarse, fine)
        self.last = Separable(fine, 7)
        self.out = nn.Conv2d(fine, classes, 1)

    def forward(self, x):
        fine = self.letters(self.picture(x))
        wide = self.up(self.words(self.down(fine)))
        # Each coarse step stands beside the two fine ones it was made of.
        wide = torch.stack((wide, wide), 4).flatten(3)
        return self.out(self.last(fine + wide)).squeeze(2)


def cost_per_column(net):
    """Multiplications for a pixel column of the line."""
    total, width = 0, 800
    hooks = []

    def count(layer, _, out):
        nonlocal total
        total += layer.weight[0].numel() * out[0].numel()
    for layer in net.modules():
        if isinstance(layer, nn.Conv2d):
            hooks.append(layer.register_forward_hook(count))
    training = net.training
    net.eval()
    with torch.no_grad():
        net(torch.zeros(1, 1, HEIGHT, width))
    net.train(training)
    for hook in hooks:
        hook.remove()
    return total / width


if __name__ == "__main__":
    net = Reader(150)
    print(f"{sum(p.numel() for p in net.parameters()):,} weights, {cost_per_column(net):,.0f} multiplications a column")
