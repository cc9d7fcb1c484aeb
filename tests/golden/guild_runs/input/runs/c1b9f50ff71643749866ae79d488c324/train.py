import math
lr = 0.1
epochs = 4
fail = False
for step in range(epochs):
    print("step: %d" % step)
    print("loss: %g" % math.exp(-lr * step))
with open("model.txt", "w") as file:
    file.write("weights")
if fail:
    raise SystemExit(3)
print("acc: 0.75")
