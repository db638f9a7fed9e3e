package payload

// An Ack answers a delivery, once. A nil body says only that it was received.
type Ack func(body any)
