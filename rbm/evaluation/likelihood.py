import torch
import torch.nn.functional as F
@torch.no_grad()
def pseudo_log_likelihood_sampled(model, v, generator):
    i = torch.randint(v.shape[1], (len(v), 1), generator=generator, device=v.device)
    flipped = v.scatter(1, i, 1 - v.gather(1, i))
    return v.shape[1] * F.logsigmoid(model.free_energy(flipped) - model.free_energy(v))
