package stack

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"strings"

	"github.com/patternkit/serverless/internal/cfn"
)

var secretKinds = map[string]kind{
	"AWS::SecretsManager::Secret":         newSecret,
	"AWS::SecretsManager::ResourcePolicy": passedOver,
}

// passedOver has no effect, although its service is here.
func passedOver(_ context.Context, r *resource) (created, error) {
	return madeUp(r.App, r.Resource), nil
}

type secretProperties struct {
	Name, SecretString   string
	GenerateSecretString *struct {
		SecretStringTemplate, GenerateStringKey, ExcludeCharacters                                                    string
		PasswordLength                                                                                                int
		ExcludeLowercase, ExcludeNumbers, ExcludePunctuation, ExcludeUppercase, IncludeSpace, RequireEachIncludedType *bool
	}

	Description, KmsKeyId, ReplicaRegions, Tags, Type cfn.Unused
}

func newSecret(_ context.Context, r *resource) (created, error) {
	var p secretProperties
	if err := r.decode(&p); err != nil {
		return created{}, err
	}
	value := p.SecretString
	if g := p.GenerateSecretString; g != nil {
		length := g.PasswordLength
		if length == 0 {
			length = 32
		}
		var password strings.Builder
		for password.Len() < length {
			for _, c := range rand.Text() {
				if !strings.ContainsRune(g.ExcludeCharacters, c) && password.Len() < length {
					password.WriteRune(c)
				}
			}
		}
		value = password.String()
		if g.GenerateStringKey != "" {
			members := map[string]any{}
			if err := json.Unmarshal([]byte(g.SecretStringTemplate), &members); err != nil {
				return created{}, r.errorf("SecretStringTemplate: %v", err)
			}
			members[g.GenerateStringKey] = value
			text, err := json.Marshal(members)
			if err != nil {
				return created{}, r.errorf("%v", err)
			}
			value = string(text)
		}
	}
	arn := r.SecretsManager.Put(r.physicalName(p.Name), value)
	return created{arn, map[string]string{"Id": arn}}, nil
}
