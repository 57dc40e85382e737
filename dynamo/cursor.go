package dynamo

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/patternkit/serverless/dynamo/internal/attr"
)

// A cursor is the base64url form of a version byte and a body:
//
//	1  8 bytes of the binding, then the texts of the start key
//	2  a nonce and the texts of the start key, sealed with AES-GCM and the binding
//
// The binding is a hash of the table, the index, the entity, the keys asked for and
// the direction: a cursor continues its own query and no other.
const (
	cursorPlain  = 1
	cursorSealed = 2
	bindingSize  = 8
)

// binding hashes what the cursor belongs to.
func (q *queryCore) binding(t *Table) []byte {
	h := sha256.New()
	texts := []string{
		t.name, q.pattern.index.Name, q.pattern.entity.name,
		q.selection.partition, q.selection.Low, q.selection.High, q.selection.Except,
	}
	if q.selection.Edges != nil { // in all other queries the keys say it
		texts = append(texts, q.selection.Edges.Text())
	}
	for _, text := range texts {
		_ = binary.Write(h, binary.BigEndian, uint64(len(text)))
		h.Write([]byte(text))
	}
	direction := byte(0)
	if q.descending {
		direction = 1
	}
	h.Write([]byte{byte(q.selection.Operator), direction})
	return h.Sum(nil)
}

func (t *Table) sealCursor(q *queryCore, start attr.Item) (string, error) {
	var body []byte
	for _, name := range q.pattern.cursorAttributes(t.schema()) {
		text, err := textValue(start[name])
		if err != nil {
			return "", q.fail(fmt.Errorf("cannot make a cursor: %w", err))
		}
		body = binary.AppendUvarint(body, uint64(len(text)))
		body = append(body, text...)
	}
	binding := q.binding(t)
	if len(t.keys) == 0 {
		out := append([]byte{cursorPlain}, binding[:bindingSize]...)
		return base64.RawURLEncoding.EncodeToString(append(out, body...)), nil
	}
	aead, err := newAEAD(t.keys[0])
	if err != nil {
		return "", q.fail(err)
	}
	out := make([]byte, 1+aead.NonceSize())
	out[0] = cursorSealed
	_, _ = rand.Read(out[1:])
	out = aead.Seal(out, out[1:], body, binding)
	return base64.RawURLEncoding.EncodeToString(out), nil
}

func newAEAD(key [32]byte) (cipher.AEAD, error) {
	block, err := aes.NewCipher(key[:])
	if err != nil {
		return nil, err
	}
	return cipher.NewGCM(block)
}

func (t *Table) openCursor(q *queryCore, cursor string) (attr.Item, error) {
	raw, err := base64.RawURLEncoding.DecodeString(cursor)
	if err != nil || len(raw) == 0 {
		return nil, fmt.Errorf("%w: it is no cursor", ErrCursor)
	}
	body, err := t.openBody(q, raw)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrCursor, err)
	}
	start := attr.Item{}
	for _, name := range q.pattern.cursorAttributes(t.schema()) {
		n, used := binary.Uvarint(body)
		if used <= 0 || n > uint64(len(body)-used) {
			return nil, fmt.Errorf("%w: it is cut short", ErrCursor)
		}
		start[name] = &types.AttributeValueMemberS{Value: string(body[used : used+int(n)])}
		body = body[used+int(n):]
	}
	if len(body) > 0 {
		return nil, fmt.Errorf("%w: it is too long", ErrCursor)
	}
	if attr.Text(start, q.pattern.index.PartitionKey) != q.selection.partition {
		return nil, fmt.Errorf("%w: it leads to another partition", ErrCursor)
	}
	return start, nil
}

func (t *Table) openBody(q *queryCore, raw []byte) ([]byte, error) {
	binding := q.binding(t)
	switch {
	case raw[0] == cursorPlain && len(t.keys) > 0:
		return nil, errors.New("it is not sealed")
	case raw[0] == cursorPlain:
		if len(raw) < 1+bindingSize || string(raw[1:1+bindingSize]) != string(binding[:bindingSize]) {
			return nil, errors.New("it was made by another query")
		}
		return raw[1+bindingSize:], nil
	case raw[0] == cursorSealed:
		for _, key := range t.keys {
			aead, err := newAEAD(key)
			if err != nil {
				return nil, err
			}
			if len(raw) < 1+aead.NonceSize() {
				break
			}
			nonce := raw[1 : 1+aead.NonceSize()]
			if body, err := aead.Open(nil, nonce, raw[1+aead.NonceSize():], binding); err == nil {
				return body, nil
			}
		}
		return nil, errors.New("it was made by another query or sealed with another key")
	}
	return nil, errors.New("it has an unknown form")
}
