package apikey

import (
	"errors"
	"fmt"
	"net/netip"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/patternkit/serverless/internal/marker"
)

// Record is what is known about a key. The key itself is not in it, and is stored nowhere.
type Record struct {
	// ID names the key in its text, in the table and in logs. Optional. Defaults to a random one; else letters a to z and
	// digits, at most 32.
	ID string

	// Principal is who the key speaks for. Optional. Defaults to the ID.
	Principal string

	// Scopes are what the key is good for, as authorizer.Scope requires them.
	Scopes []string

	// Networks are the addresses the key may be used from. Required, unless AnyAddress is set: an empty list never means
	// that every address is good.
	Networks []netip.Prefix

	// AnyAddress says that the key may be used from everywhere.
	AnyAddress bool

	// UsagePlanKey is the value of the API key of a usage plan, for REST APIs whose API key source is AUTHORIZER. Optional.
	UsagePlanKey string

	// ExpiresAt is when the key stops being good. Optional. Defaults to never.
	ExpiresAt time.Time

	// Disabled keys are refused.
	Disabled bool

	digest []byte
}

// The attributes of an item, besides the partition key.
const (
	attrDigest       = "Digest"
	attrPrincipal    = "Principal"
	attrScopes       = "Scopes"
	attrNetworks     = "Networks"
	attrAnyAddress   = "AnyAddress"
	attrUsagePlanKey = "UsagePlanKey"
	attrExpiresAt    = "ExpiresAt"
	attrDisabled     = "Disabled"
)

// maxIDBytes is the longest id.
const maxIDBytes = 32

func (r *Record) validate() error {
	var faults []error
	if !word(r.ID) || len(r.ID) > maxIDBytes {
		faults = append(faults, fmt.Errorf("id %.40q: want letters a to z and digits, at most %d", r.ID, maxIDBytes))
	}
	if len(r.Networks) == 0 && !r.AnyAddress {
		faults = append(faults, errors.New("no networks: name them, or set AnyAddress"))
	}
	if len(r.Networks) > 0 && r.AnyAddress {
		faults = append(faults, errors.New("networks together with AnyAddress"))
	}
	for _, network := range r.Networks {
		if !network.IsValid() || network != network.Masked() || network.Addr().Is4In6() {
			faults = append(faults, fmt.Errorf("network %s: want a prefix whose other bits are zero, as in 192.0.2.0/24", network))
		}
	}
	for _, scope := range r.Scopes {
		if scope == "" {
			faults = append(faults, errors.New("a scope is empty"))
		}
	}
	return errors.Join(faults...)
}

func word(text string) bool {
	for i := range len(text) {
		if c := text[i]; (c < 'a' || c > 'z') && (c < '0' || c > '9') {
			return false
		}
	}
	return text != ""
}

// admits says whether the key may be used from an address; the zero Addr is none.
func (r *Record) admits(address netip.Addr) bool {
	if r.AnyAddress {
		return true
	}
	address = address.Unmap()
	if !address.IsValid() || address.Zone() != "" {
		return false
	}
	for _, network := range r.Networks {
		if network.Contains(address) {
			return true
		}
	}
	return false
}

func (r *Record) item(partitionKey string) map[string]types.AttributeValue {
	item := map[string]types.AttributeValue{
		partitionKey:     &types.AttributeValueMemberS{Value: r.ID},
		marker.Attribute: &types.AttributeValueMemberS{Value: marker.APIKey},
		attrDigest:       &types.AttributeValueMemberB{Value: r.digest},
		attrPrincipal:    &types.AttributeValueMemberS{Value: r.Principal},
	}
	if len(r.Scopes) > 0 {
		item[attrScopes] = &types.AttributeValueMemberSS{Value: r.Scopes}
	}
	if r.AnyAddress {
		item[attrAnyAddress] = &types.AttributeValueMemberBOOL{Value: true}
	} else {
		var networks []string
		for _, network := range r.Networks {
			networks = append(networks, network.String())
		}
		item[attrNetworks] = &types.AttributeValueMemberSS{Value: networks}
	}
	if r.UsagePlanKey != "" {
		item[attrUsagePlanKey] = &types.AttributeValueMemberS{Value: r.UsagePlanKey}
	}
	if !r.ExpiresAt.IsZero() {
		item[attrExpiresAt] = &types.AttributeValueMemberN{Value: strconv.FormatInt(r.ExpiresAt.Unix(), 10)}
	}
	if r.Disabled {
		item[attrDisabled] = &types.AttributeValueMemberBOOL{Value: true}
	}
	return item
}

// recordOf reads an item; whatever is not as item writes it makes the key unusable rather than wider.
func recordOf(id string, item map[string]types.AttributeValue) (*Record, error) {
	r := &Record{ID: id, Principal: text(item[attrPrincipal]), UsagePlanKey: text(item[attrUsagePlanKey]), AnyAddress: truth(item[attrAnyAddress])}
	if digest, ok := item[attrDigest].(*types.AttributeValueMemberB); ok {
		r.digest = digest.Value
	}
	if len(r.digest) != digestBytes {
		return nil, fmt.Errorf("apikey: key %s: the item has no digest of %d bytes", id, digestBytes)
	}
	r.Scopes = words(item[attrScopes])
	for _, network := range words(item[attrNetworks]) {
		prefix, err := netip.ParsePrefix(network)
		if err != nil {
			return nil, fmt.Errorf("apikey: key %s: %w", id, err)
		}
		r.Networks = append(r.Networks, prefix)
	}
	if value, present := item[attrExpiresAt]; present {
		n, ok := value.(*types.AttributeValueMemberN)
		if !ok {
			return nil, fmt.Errorf("apikey: key %s: %s is not a number", id, attrExpiresAt)
		}
		seconds, err := strconv.ParseInt(n.Value, 10, 64)
		if err != nil {
			return nil, fmt.Errorf("apikey: key %s: %s: %w", id, attrExpiresAt, err)
		}
		r.ExpiresAt = time.Unix(seconds, 0)
	}
	if disabled, present := item[attrDisabled]; present {
		flag, ok := disabled.(*types.AttributeValueMemberBOOL)
		r.Disabled = !ok || flag.Value
	}
	if r.Principal == "" {
		r.Principal = id
	}
	return r, nil
}

func text(value types.AttributeValue) string {
	s, _ := value.(*types.AttributeValueMemberS)
	if s == nil {
		return ""
	}
	return s.Value
}

func truth(value types.AttributeValue) bool {
	b, ok := value.(*types.AttributeValueMemberBOOL)
	return ok && b.Value
}

// words reads a set or a list of strings.
func words(value types.AttributeValue) []string {
	switch v := value.(type) {
	case *types.AttributeValueMemberSS:
		return v.Value
	case *types.AttributeValueMemberL:
		var list []string
		for _, element := range v.Value {
			list = append(list, text(element))
		}
		return list
	}
	return nil
}
