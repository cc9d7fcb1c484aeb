note = "it's a 'line'"
optim_wrapper = dict(
    optimizer=dict(
        betas=(
            0.9,
            1e-05,
        ),
        lr=0.1,
        paramwise_cfg=dict({
            'bias.decay': -1,
            'norm': None
        }),
        type='SGD'))
train_cfg = dict(max_epochs=3)
