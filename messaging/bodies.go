package messaging

import "context"

// BodyStore keeps bodies outside of the queue: the claim check pattern. Package
// claimcheck has one on S3.
type BodyStore interface {
	// Save stores *body elsewhere when a message of size bytes needs it, replaces
	// it by a pointer and may add an attribute.
	Save(ctx context.Context, body *string, attrs Attributes, size int) error

	// Load returns the body that a pointer refers to, and any other body as it
	// is.
	Load(ctx context.Context, body string) (string, error)
}
