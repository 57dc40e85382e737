package authorizertest

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/patternkit/serverless/internal/awsid"
	"github.com/patternkit/serverless/internal/wire"
)

// SecretsManager is the read path of AWS Secrets Manager in process. Secrets are
// put and rotated by the test. It is safe for concurrent use.
type SecretsManager struct {
	server *wire.Server

	mu      sync.Mutex
	secrets map[string]*storedSecret // by ARN without the suffix
}

type storedSecret struct {
	name, suffix      string
	created, changed  time.Time
	rotated, deleted  time.Time
	lastRead          time.Time
	versions          []*secretVersion // the oldest first
	current, previous *secretVersion
}

type secretVersion struct {
	id      string
	text    *string
	binary  []byte
	created time.Time
}

const (
	stageCurrent  = "AWSCURRENT"
	stagePrevious = "AWSPREVIOUS"
)

// NewSecretsManager returns a Secrets Manager without secrets. It logs on tb what
// is not simulated; tb may be nil.
func NewSecretsManager(tb TB) *SecretsManager {
	s := &SecretsManager{secrets: make(map[string]*storedSecret)}
	s.server = wire.NewServer(tb, wire.Service{
		Name:     "secretsmanager",
		Package:  "authorizertest",
		Protocol: wire.JSON11("secretsmanager"),
		Operations: []wire.Operation{
			wire.Handle("DescribeSecret", s.describeSecret),
			wire.Handle("GetSecretValue", s.getSecretValue),
		},
	})
	s.server.DumpOnFailure("Secrets Manager", &s.mu, s.dump)
	return s
}

// Put stores a new version of a secret, which becomes AWSCURRENT; the former one
// becomes AWSPREVIOUS, and the one before loses its stages. It returns the id of
// the version. The name is one in account 123456789012 and region us-east-1; a
// secret elsewhere has an ARN without the six characters behind its name, such as
// arn:aws:secretsmanager:eu-west-1:123456789012:secret:db. A secret without a name
// panics.
func (s *SecretsManager) Put(name, value string) string {
	return s.put(name, &secretVersion{text: &value})
}

// PutBinary is Put for a binary secret.
func (s *SecretsManager) PutBinary(name string, value []byte) string {
	return s.put(name, &secretVersion{binary: slices.Clone(value)})
}

func (s *SecretsManager) put(name string, version *secretVersion) string {
	s.made()
	if name == "" {
		panic("authorizertest: Put: the secret has no name")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	now := time.Now()
	version.id, version.created = awsid.UUID(), now
	arn := secretARN(name)
	secret := s.secrets[arn]
	if secret == nil {
		_, name, _ = strings.Cut(arn, ":secret:")
		sum := sha256.Sum256([]byte(name))
		secret = &storedSecret{name: name, suffix: hex.EncodeToString(sum[:3]), created: now}
		s.secrets[arn] = secret
	} else {
		secret.rotated = now
	}
	secret.changed, secret.deleted = now, time.Time{}
	secret.versions = append(secret.versions, version)
	secret.previous, secret.current = secret.current, version
	return version.id
}

// secretARN is the ARN of a secret, without its suffix, that the test gives by
// name or ARN.
func secretARN(name string) string {
	if strings.HasPrefix(name, "arn:") && strings.Contains(name, ":secret:") {
		return name
	}
	return awsid.ARN("secretsmanager", wire.DefaultRegion, wire.DefaultAccount, "secret:"+name)
}

// Delete marks a secret for deletion: reading it fails, until Put stores a new
// version. Without such a secret it does nothing.
func (s *SecretsManager) Delete(name string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if secret := s.secrets[secretARN(name)]; secret != nil {
		secret.deleted = time.Now()
	}
}

var (
	errNoSecret = &wire.Error{Code: "ResourceNotFoundException", MessageKey: "Message", Message: "Secrets Manager can't find the specified secret."}
	errDeleted  = &wire.Error{Code: "InvalidRequestException", MessageKey: "Message", Message: "You can't perform this operation on the secret because it was marked for deletion."}
	errStage    = &wire.Error{Code: "InvalidRequestException", MessageKey: "Message", Message: "You provided a VersionStage that is not associated to the provided VersionId."}
)

func noValue(format string, args ...any) error {
	err := wire.Errorf("ResourceNotFoundException", 400, format, args...)
	err.MessageKey = "Message"
	return err
}

// find looks a secret up by name, ARN, or ARN without its suffix.
func (s *SecretsManager) find(ctx context.Context, id *string) (*storedSecret, string, error) {
	if id == nil || *id == "" {
		return nil, "", noValueOf("SecretId")
	}
	call := wire.CallOf(ctx)
	for bare, secret := range s.secrets {
		arn := bare + "-" + secret.suffix
		if *id == arn || *id == bare || call.ARN("secretsmanager", "secret:"+*id) == bare {
			call.Touch(arn)
			return secret, arn, nil
		}
	}
	return nil, "", errNoSecret.Missing("secret", *id, maps.Keys(s.secrets))
}

// noValueOf is the validation error for a required member that is missing; the SDK refuses such input before it is sent.
func noValueOf(member string) error {
	err := wire.Errorf("InvalidParameterException", 400, "You must provide a value for the %s parameter.", member)
	err.MessageKey = "Message"
	return err
}

type getSecretValueInput struct {
	SecretId     *string `json:"SecretId,omitempty"`
	VersionId    *string `json:"VersionId,omitempty"`
	VersionStage *string `json:"VersionStage,omitempty"`
}

type getSecretValueOutput struct {
	ARN           string          `json:"ARN,omitempty"`
	CreatedDate   *wire.Timestamp `json:"CreatedDate,omitempty"`
	Name          string          `json:"Name,omitempty"`
	SecretBinary  wire.Blob       `json:"SecretBinary,omitempty"`
	SecretString  *string         `json:"SecretString,omitempty"`
	VersionId     string          `json:"VersionId,omitempty"`
	VersionStages []string        `json:"VersionStages,omitempty"`
}

func (s *SecretsManager) getSecretValue(ctx context.Context, in *getSecretValueInput) (*getSecretValueOutput, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	secret, arn, err := s.find(ctx, in.SecretId)
	if err != nil {
		return nil, err
	}
	if !secret.deleted.IsZero() {
		return nil, errDeleted
	}
	version, err := secret.version(in.VersionId, in.VersionStage)
	if err != nil {
		return nil, err
	}
	secret.lastRead = time.Now()
	return &getSecretValueOutput{
		ARN: arn, Name: secret.name, CreatedDate: wire.At(version.created), VersionId: version.id,
		SecretString: version.text, SecretBinary: version.binary, VersionStages: secret.stages(version),
	}, nil
}

// version is the one asked for by id, by stage, or both; AWSCURRENT when neither is given.
func (s *storedSecret) version(id, stage *string) (*secretVersion, error) {
	if id == nil {
		wanted := stageCurrent
		if stage != nil {
			wanted = *stage
		}
		for _, version := range s.versions {
			if slices.Contains(s.stages(version), wanted) {
				return version, nil
			}
		}
		return nil, noValue("Secrets Manager can't find the specified secret value for staging label: %s", wanted)
	}
	i := slices.IndexFunc(s.versions, func(v *secretVersion) bool { return v.id == *id })
	switch {
	case i < 0:
		return nil, noValue("Secrets Manager can't find the specified secret value for VersionId: %s", *id)
	case stage != nil && !slices.Contains(s.stages(s.versions[i]), *stage):
		return nil, errStage
	}
	return s.versions[i], nil
}

func (s *storedSecret) stages(version *secretVersion) []string {
	switch version {
	case s.current:
		return []string{stageCurrent}
	case s.previous:
		return []string{stagePrevious}
	}
	return nil
}

type describeSecretInput struct {
	SecretId *string `json:"SecretId,omitempty"`
}

type describeSecretOutput struct {
	ARN                string              `json:"ARN,omitempty"`
	CreatedDate        *wire.Timestamp     `json:"CreatedDate,omitempty"`
	DeletedDate        *wire.Timestamp     `json:"DeletedDate,omitempty"`
	LastAccessedDate   *wire.Timestamp     `json:"LastAccessedDate,omitempty"`
	LastChangedDate    *wire.Timestamp     `json:"LastChangedDate,omitempty"`
	LastRotatedDate    *wire.Timestamp     `json:"LastRotatedDate,omitempty"`
	Name               string              `json:"Name,omitempty"`
	VersionIdsToStages map[string][]string `json:"VersionIdsToStages,omitempty"`
}

func (s *SecretsManager) describeSecret(ctx context.Context, in *describeSecretInput) (*describeSecretOutput, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	secret, arn, err := s.find(ctx, in.SecretId)
	if err != nil {
		return nil, err
	}
	out := &describeSecretOutput{
		ARN: arn, Name: secret.name, CreatedDate: stamp(secret.created), DeletedDate: stamp(secret.deleted),
		LastAccessedDate: stamp(secret.lastRead.Truncate(24 * time.Hour)), LastChangedDate: stamp(secret.changed),
		LastRotatedDate: stamp(secret.rotated), VersionIdsToStages: make(map[string][]string),
	}
	for _, version := range secret.versions {
		if stages := secret.stages(version); stages != nil {
			out.VersionIdsToStages[version.id] = stages
		}
	}
	return out, nil
}

func stamp(t time.Time) *wire.Timestamp {
	if t.IsZero() {
		return nil
	}
	return wire.At(t)
}
