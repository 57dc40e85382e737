package secret_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/golang-jwt/jwt/v5"
	"github.com/stretchr/testify/require"

	"github.com/patternkit/serverless/authorizer"
	"github.com/patternkit/serverless/authorizer/authorizertest"
	"github.com/patternkit/serverless/authorizer/secret"
)

const name = "orders/token"

func value(n string) string { return strings.Repeat(n, 64) }

func client(secrets *authorizertest.SecretsManager) *secretsmanager.Client {
	return secretsmanager.NewFromConfig(secrets.Join(aws.Config{RetryMaxAttempts: 1}))
}

func TestTokenRotation(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		secrets := authorizertest.NewSecretsManager(t)
		secrets.Put(name, value("1"))
		p, err := authorizer.NewPrincipal("webhook", nil, nil)
		require.NoError(t, err)
		verifier := secret.NewTokenVerifier(secret.New(client(secrets), name), p)
		verify := func(token string) error {
			got, err := verifier.Verify(t.Context(), token)
			if err == nil {
				require.Same(t, p, got)
			}
			return err
		}
		require.NoError(t, verify(value("1")))
		secrets.Put(name, value("2"))
		require.ErrorIs(t, verify(value("2")), authorizer.ErrUnknownKey, "within the cool-down")
		time.Sleep(10 * time.Second)
		require.NoError(t, verify(value("2")), "a token that fits no value makes the secret be read again")
		require.NoError(t, verify(value("1")), "the previous value counts")
		secrets.Put(name, value("3"))
		time.Sleep(5 * time.Minute)
		require.ErrorIs(t, verify(value("1")), authorizer.ErrUnknownKey, "the one before does not")
		require.NoError(t, verify(value("3")))

		calls := len(secrets.Calls("GetSecretValue"))
		for range 500 {
			err := verify(value("x"))
			var refused *authorizer.TokenError
			require.ErrorAs(t, err, &refused)
			require.NotContains(t, err.Error(), "xx")
			time.Sleep(100 * time.Millisecond)
		}
		require.LessOrEqual(t, len(secrets.Calls("GetSecretValue"))-calls, 12, "guessing makes few requests")
		for _, near := range []string{"", value("3") + "3", value("3")[1:], strings.ToUpper(value("a"))} {
			require.Error(t, verify(near))
		}
	})
}

func TestSecretFailures(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		secrets := authorizertest.NewSecretsManager(t)
		s := secret.New(client(secrets), name)
		_, err := s.Values(t.Context())
		require.ErrorIs(t, err, authorizer.ErrKeysUnavailable)
		secrets.Put(name, value("1"))
		time.Sleep(time.Second)
		values, err := s.Values(t.Context())
		require.NoError(t, err)
		require.Equal(t, [][]byte{[]byte(value("1"))}, values)
		secrets.Delete(name)
		time.Sleep(59 * time.Minute)
		_, err = s.Values(t.Context())
		require.NoError(t, err, "known values go on serving")
		time.Sleep(2 * time.Minute)
		_, err = s.Values(t.Context())
		require.ErrorIs(t, err, authorizer.ErrKeysUnavailable, "not for ever")

		secrets.Put("short", "short")
		p, err := authorizer.NewPrincipal("p", nil, nil)
		require.NoError(t, err)
		_, err = secret.NewTokenVerifier(secret.New(client(secrets), "short"), p).Verify(t.Context(), "short")
		require.ErrorIs(t, err, secret.ErrTooShort)
		require.EqualError(t, err, "secret: the secret is too short: a value of short has fewer than 22 bytes")
		hmac := secret.MustHMACVerifier(secret.New(client(secrets), "short"), "i", []string{"a"}, "HS256")
		signed, err := jwt.NewWithClaims(jwt.SigningMethodHS256, jwt.MapClaims{}).SignedString([]byte("short"))
		require.NoError(t, err)
		_, err = hmac.Verify(t.Context(), signed)
		require.ErrorIs(t, err, secret.ErrTooShort)
		require.ErrorContains(t, err, "the secret has 5 bytes, HS256 needs 32 or more")
	})
}

func TestSecretIsReadOnceForManyCallers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		secrets := authorizertest.NewSecretsManager(t)
		secrets.Put(name, value("1"))
		secrets.Put(name, value("2"))
		secrets.Delay("GetSecretValue", 100*time.Millisecond).Times(2)
		s := secret.New(client(secrets), name)
		var wait sync.WaitGroup
		for range 20 {
			wait.Go(func() {
				values, err := s.Values(t.Context())
				require.NoError(t, err)
				require.Len(t, values, 2)
			})
		}
		wait.Wait()
		require.Len(t, secrets.Calls("GetSecretValue"), 2)
	})
}

func TestHMAC(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		secrets := authorizertest.NewSecretsManager(t)
		put := func(n string) {
			secrets.Put(name, `{"key":"`+value(n)+`"}`)
		}
		put("1")
		s := secret.New(client(secrets), name, func(o *secret.Options) {
			o.Parse = func(version []byte) ([]byte, error) {
				var v struct{ Key string }
				err := json.Unmarshal(version, &v)
				return []byte(v.Key), err
			}
		})
		verifier, err := secret.NewHMACVerifier(s, "me", []string{"orders"}, "HS512")
		require.NoError(t, err)
		token := func(n string) string {
			token := jwt.NewWithClaims(jwt.SigningMethodHS512, jwt.MapClaims{"iss": "me", "aud": "orders", "sub": "u", "exp": time.Now().Add(time.Hour).Unix()})
			signed, err := token.SignedString([]byte(value(n)))
			require.NoError(t, err)
			return signed
		}
		verify := func(n string) error {
			_, err := verifier.Verify(t.Context(), token(n))
			return err
		}
		require.NoError(t, verify("1"))
		require.ErrorIs(t, verify("2"), authorizer.ErrSignature)
		put("2")
		time.Sleep(10 * time.Second)
		require.NoError(t, verify("2"))
		require.NoError(t, verify("1"))
		_, err = secret.NewHMACVerifier(s, "", nil, "RS256")
		require.Error(t, err)
	})
}

func TestASecretIsNotDarkWithoutAFailure(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		secrets := authorizertest.NewSecretsManager(t)
		secrets.Put(name, value("1"))
		s := secret.New(client(secrets), name, func(o *secret.Options) { o.TTL, o.MaxStale, o.Cooldown = 5*time.Second, 5*time.Second, 10*time.Second })
		for range 60 {
			_, err := s.Values(t.Context())
			require.NoError(t, err)
			time.Sleep(time.Second)
		}
		secrets.Delete(name)
		time.Sleep(5 * time.Second)
		_, err := s.Values(t.Context())
		require.ErrorIs(t, err, authorizer.ErrKeysUnavailable)
		require.NotContains(t, err.Error(), "%!w")
	})
}

func TestTimesThatContradictEachOther(t *testing.T) {
	secrets := authorizertest.NewSecretsManager(t)
	for _, set := range []func(*secret.Options){
		func(o *secret.Options) { o.TTL = 0 },
		func(o *secret.Options) { o.TTL = -1 },
		func(o *secret.Options) { o.Cooldown = 0 },
		func(o *secret.Options) { o.Timeout = -time.Second },
		func(o *secret.Options) { o.MaxStale = o.TTL - 1 },
	} {
		o := secret.Options{TTL: 5 * time.Minute, MaxStale: time.Hour, Cooldown: 10 * time.Second, Timeout: 2 * time.Second}
		set(&o)
		require.PanicsWithValue(t, fmt.Sprintf("secret: New: TTL (%s), Cooldown (%s) and Timeout (%s) must be positive, and MaxStale (%s) at least TTL",
			o.TTL, o.Cooldown, o.Timeout, o.MaxStale), func() {
			secret.New(client(secrets), name, set)
		})
	}
}

func TestMustHMACVerifierPanicsWithTheErrorOfItsNew(t *testing.T) {
	shared := secret.New(authorizertest.NewSecretsManager(t).Client(), "k")
	require.NotNil(t, secret.MustHMACVerifier(shared, "i", []string{"a"}, "HS256"))
	none, err := secret.NewHMACVerifier(shared, "i", []string{"a"}, "RS256")
	require.Nil(t, none)
	require.PanicsWithValue(t, err.Error(), func() { secret.MustHMACVerifier(shared, "i", []string{"a"}, "RS256") })
	_, err = secret.NewHMACVerifier(nil, "i", []string{"a"}, "HS256")
	require.EqualError(t, err, "secret: NewHMACVerifier: the secret is nil or was not made by New")
}
