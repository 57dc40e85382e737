package stack

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"math/big"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"

	"github.com/patternkit/serverless/internal/cfn"
)

var secretKinds = map[string]kind{
	"AWS::SecretsManager::ResourcePolicy": passedOver,
	"AWS::SecretsManager::Secret":         newSecret,
}

// passedOver has no effect, although its service is here.
func passedOver(_ context.Context, r *resource) (created, error) {
	r.passOver(r.Type)
	return madeUp(r.App, r.Resource), nil
}

func newSecret(ctx context.Context, r *resource) (created, error) {
	var p struct {
		Name, SecretString   string
		GenerateSecretString *passwordProperties

		Description, KmsKeyId, ReplicaRegions, Tags, Type cfn.Unused
	}
	if err := r.decode(&p); err != nil {
		return created{}, err
	}
	value := p.SecretString
	if p.GenerateSecretString != nil {
		var err error
		if value, err = p.GenerateSecretString.secret(r); err != nil {
			return created{}, err
		}
	}
	name := r.physicalName(p.Name)
	r.SecretsManager.Put(r.arn("secretsmanager", "secret:"+name), value)
	secret, err := secretsmanager.NewFromConfig(r.config).DescribeSecret(ctx, &secretsmanager.DescribeSecretInput{SecretId: &name})
	if err != nil {
		return created{}, r.refused(err)
	}
	return created{*secret.ARN, map[string]string{"Id": *secret.ARN}}, nil
}

// passwordProperties say how Secrets Manager makes a password:
// https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_GetRandomPassword.html.
type passwordProperties struct {
	SecretStringTemplate, GenerateStringKey, ExcludeCharacters                           string
	PasswordLength                                                                       *int
	ExcludeLowercase, ExcludeNumbers, ExcludePunctuation, ExcludeUppercase, IncludeSpace bool
	RequireEachIncludedType                                                              *bool
}

// secret is the password, or a JSON document with it.
func (p *passwordProperties) secret(r *resource) (string, error) {
	password, err := p.password(r)
	if err != nil || p.GenerateStringKey == "" {
		return password, err
	}
	members := map[string]any{}
	if err := json.Unmarshal([]byte(p.SecretStringTemplate), &members); err != nil {
		return "", r.errorf("SecretStringTemplate is no JSON object: %v", err)
	}
	members[p.GenerateStringKey] = password
	text, err := json.Marshal(members)
	if err != nil {
		return "", r.errorf("%v", err)
	}
	return string(text), nil
}

func (p *passwordProperties) password(r *resource) (string, error) {
	length := 32
	if p.PasswordLength != nil {
		length = *p.PasswordLength
	}
	var types []string
	for _, t := range []struct {
		letters string
		left    bool
	}{
		{"abcdefghijklmnopqrstuvwxyz", p.ExcludeLowercase},
		{"ABCDEFGHIJKLMNOPQRSTUVWXYZ", p.ExcludeUppercase},
		{"0123456789", p.ExcludeNumbers},
		{"!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~", p.ExcludePunctuation},
		{" ", !p.IncludeSpace},
	} {
		letters := strings.Map(func(c rune) rune {
			if strings.ContainsRune(p.ExcludeCharacters, c) {
				return -1
			}
			return c
		}, t.letters)
		if !t.left && letters != "" {
			types = append(types, letters)
		}
	}
	every := p.RequireEachIncludedType == nil || *p.RequireEachIncludedType
	switch {
	case length < 1 || length > 4096:
		return "", r.errorf("a PasswordLength of %d: it is 1 to 4096", length)
	case len(types) == 0:
		return "", r.errorf("GenerateSecretString excludes every character")
	case every && length < len(types):
		return "", r.errorf("a PasswordLength of %d is too short for a character of each included type", length)
	}
	for {
		password := make([]byte, length)
		all := strings.Join(types, "")
		for i := range password {
			n, err := rand.Int(rand.Reader, big.NewInt(int64(len(all))))
			if err != nil {
				return "", r.errorf("%v", err)
			}
			password[i] = all[n.Int64()]
		}
		if !every || hasEach(string(password), types) {
			return string(password), nil
		}
	}
}

func hasEach(password string, types []string) bool {
	for _, letters := range types {
		if !strings.ContainsAny(password, letters) {
			return false
		}
	}
	return true
}
