package ststest_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/aws-sdk-go-v2/service/sts/types"
	"github.com/aws/smithy-go"
	"github.com/stretchr/testify/require"

	"github.com/patternkit/serverless/dynamo/dynamotest"
	"github.com/patternkit/serverless/examples/localaws/ststest"
	"github.com/patternkit/serverless/internal/wire"
	"github.com/patternkit/serverless/internal/wire/hostile"
	"github.com/patternkit/serverless/internal/wire/snapshot"
)

const role = "arn:aws:iam::210987654321:role/ci/deploy"

// as returns options for a client with the credentials.
func as(c *types.Credentials) func(*sts.Options) {
	return func(o *sts.Options) {
		o.Credentials = aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: *c.AccessKeyId, SecretAccessKey: *c.SecretAccessKey, SessionToken: *c.SessionToken}, nil
		})
	}
}

func assume(t *testing.T, client *sts.Client, arn, name string) *sts.AssumeRoleOutput {
	t.Helper()
	out, err := client.AssumeRole(t.Context(), &sts.AssumeRoleInput{RoleArn: &arn, RoleSessionName: &name})
	require.NoError(t, err)
	return out
}

func identity(t *testing.T, client *sts.Client) string {
	t.Helper()
	out, err := client.GetCallerIdentity(t.Context(), nil)
	require.NoError(t, err)
	return *out.Account + " " + *out.Arn + " " + *out.UserId
}

func refused(err error) string {
	var e smithy.APIError
	if !errors.As(err, &e) {
		return ""
	}
	return e.ErrorCode() + ": " + e.ErrorMessage()
}

func TestCallerIdentity(t *testing.T) {
	tokens := ststest.New(t)
	require.Equal(t, "123456789012 arn:aws:iam::123456789012:root 123456789012", identity(t, tokens.Client()))
	other := as(&types.Credentials{AccessKeyId: aws.String("333333333333"), SecretAccessKey: aws.String("s"), SessionToken: aws.String("")})
	require.Equal(t, "333333333333 arn:aws:iam::333333333333:root 333333333333", identity(t, tokens.Client(other)))

	out := assume(t, tokens.Client(other), role, "me@example.com")
	require.Equal(t, "arn:aws:sts::210987654321:assumed-role/deploy/me@example.com", *out.AssumedRoleUser.Arn)
	require.Regexp(t, "^AROA[A-Z2-7]{17}:me@example.com$", *out.AssumedRoleUser.AssumedRoleId)
	require.Regexp(t, "^ASIA[A-Z2-7]{16}$", *out.Credentials.AccessKeyId)
	require.Len(t, *out.Credentials.SecretAccessKey, 40)
	require.WithinDuration(t, time.Now().Add(time.Hour), *out.Credentials.Expiration, 10*time.Second)
	require.Equal(t, "210987654321 "+*out.AssumedRoleUser.Arn+" "+*out.AssumedRoleUser.AssumedRoleId, identity(t, tokens.Client(as(out.Credentials))))
	again := assume(t, tokens.Client(), role, "you")
	require.NotEqual(t, *out.Credentials.AccessKeyId, *again.Credentials.AccessKeyId)
	require.Equal(t, strings.TrimSuffix(*out.AssumedRoleUser.AssumedRoleId, ":me@example.com"), strings.TrimSuffix(*again.AssumedRoleUser.AssumedRoleId, ":you"))
	require.Equal(t, []string{role}, tokens.Calls("AssumeRole")[0].Resources)
	require.Equal(t, "sts:AssumeRole", tokens.Calls("AssumeRole")[0].Action())

	for id, account := range map[string]string{*out.Credentials.AccessKeyId: "210987654321", "AKIAIOSFODNN7EXAMPLE": "123456789012"} {
		info, err := tokens.Client().GetAccessKeyInfo(t.Context(), &sts.GetAccessKeyInfoInput{AccessKeyId: &id})
		require.NoError(t, err)
		require.Equal(t, account, *info.Account)
	}
	china := assume(t, tokens.Client(), "arn:aws-cn:iam::210987654321:role/deploy", "me")
	require.Equal(t, "arn:aws-cn:sts::210987654321:assumed-role/deploy/me", *china.AssumedRoleUser.Arn)
	with, err := tokens.Client().AssumeRole(t.Context(), &sts.AssumeRoleInput{
		RoleArn: aws.String(role), RoleSessionName: aws.String("me"), ExternalId: aws.String("e:/1"), SourceIdentity: aws.String("who"), DurationSeconds: aws.Int32(43_200),
	})
	require.NoError(t, err)
	require.Equal(t, "who", *with.SourceIdentity)
	require.WithinDuration(t, time.Now().Add(12*time.Hour), *with.Credentials.Expiration, 10*time.Second)
}

// Calls with the credentials belong to the account of the role in every fake.
func TestAssumedCredentialsBelongToTheAccountOfTheRole(t *testing.T) {
	tokens, db := ststest.New(t), dynamotest.New(t)
	out := assume(t, tokens.Client(), role, "me")
	cfg := db.Join(tokens.Join(aws.Config{Region: "eu-west-1", Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
		return aws.Credentials{AccessKeyID: *out.Credentials.AccessKeyId, SecretAccessKey: *out.Credentials.SecretAccessKey, SessionToken: *out.Credentials.SessionToken}, nil
	})}))
	_, err := dynamodb.NewFromConfig(cfg).ListTables(t.Context(), nil)
	require.NoError(t, err)
	require.Equal(t, "210987654321", db.Calls("ListTables")[0].Account)
	require.Contains(t, identity(t, sts.NewFromConfig(cfg)), "assumed-role/deploy/me")
}

func TestAssumeRoleRefuses(t *testing.T) {
	const valid, anyText = "me", `[\u0009\u000A\u000D\u0020-\u007E\u0085\u00A0-\uD7FF\uE000-\uFFFD\u10000-\u10FFFF]+`
	long := strings.Repeat("a", 65)
	client := ststest.New(t).Client()
	for _, test := range []struct {
		role, name string
		seconds    *int32
		want       string
	}{
		{role, "a b", nil, `1 validation error detected: Value 'a b' at 'roleSessionName' failed to satisfy constraint: Member must satisfy regular expression pattern: [\w+=,.@-]*`},
		{role, "a", nil, "1 validation error detected: Value 'a' at 'roleSessionName' failed to satisfy constraint: Member must have length greater than or equal to 2"},
		{role, long, nil, "1 validation error detected: Value '" + long + "' at 'roleSessionName' failed to satisfy constraint: Member must have length less than or equal to 64"},
		{"deploy", valid, nil, "1 validation error detected: Value 'deploy' at 'roleArn' failed to satisfy constraint: Member must have length greater than or equal to 20"},
		{"", "é", nil, "4 validation errors detected: Value '' at 'roleArn' failed to satisfy constraint: Member must satisfy regular expression pattern: " + anyText +
			"; Value '' at 'roleArn' failed to satisfy constraint: Member must have length greater than or equal to 20" +
			`; Value 'é' at 'roleSessionName' failed to satisfy constraint: Member must satisfy regular expression pattern: [\w+=,.@-]*` +
			"; Value 'é' at 'roleSessionName' failed to satisfy constraint: Member must have length greater than or equal to 2"},
		{role, valid, aws.Int32(899), "1 validation error detected: Value '899' at 'durationSeconds' failed to satisfy constraint: Member must have value greater than or equal to 900"},
		{role, valid, aws.Int32(43_201), "1 validation error detected: Value '43201' at 'durationSeconds' failed to satisfy constraint: Member must have value less than or equal to 43200"},
		{"a role of twenty characters", valid, nil, "a role of twenty characters is invalid"},
		{"arn:aws:iam::12345:role/deploy", valid, nil, "arn:aws:iam::12345:role/deploy is invalid"},
		{"arn:aws:iam::210987654321:role/", valid, nil, "arn:aws:iam::210987654321:role/ is invalid"},
		{"arn:aws:iam::210987654321:user/deploy", valid, nil, "Request ARN is invalid"},
		{"arn:aws:s3:::210987654321:role/deploy", valid, nil, "arn:aws:s3:::210987654321:role/deploy is invalid"},
		{"arn:aws:sts::210987654321:assumed-role/deploy/me", valid, nil, "Request ARN is invalid"},
	} {
		_, err := client.AssumeRole(t.Context(), &sts.AssumeRoleInput{RoleArn: &test.role, RoleSessionName: &test.name, DurationSeconds: test.seconds})
		require.Equal(t, "ValidationError: "+test.want, refused(err), test.role)
		require.ErrorContains(t, err, "StatusCode: 400")
	}
	_, err := client.AssumeRole(t.Context(), &sts.AssumeRoleInput{RoleArn: aws.String(role), RoleSessionName: aws.String("me"), Policy: aws.String("{}"), TokenCode: aws.String("123456")})
	require.Equal(t, "NotSimulated: the member Policy, TokenCode of AssumeRole is not simulated", refused(err))
	_, err = client.AssumeRoleWithWebIdentity(t.Context(), &sts.AssumeRoleWithWebIdentityInput{RoleArn: aws.String(role), RoleSessionName: aws.String("me"), WebIdentityToken: aws.String("t")})
	require.ErrorContains(t, err, "AssumeRoleWithWebIdentity")
	_, err = client.GetAccessKeyInfo(t.Context(), &sts.GetAccessKeyInfoInput{AccessKeyId: aws.String("333333333333")})
	require.Equal(t, "ValidationError: 1 validation error detected: Value '333333333333' at 'accessKeyId' failed to satisfy constraint: Member must have length greater than or equal to 16", refused(err))
}

// A member that the SDK insists on may be missing in other clients.
func TestMissingMembers(t *testing.T) {
	suite := hostile.Suite{Service: "sts", Version: "2011-06-15"}
	_, answer := suite.Send(t, hostile.Fake{Server: wire.ServerOf(ststest.New(nil))}, hostile.Request{Operation: "AssumeRole"})
	require.Contains(t, string(answer), "2 validation errors detected: Value null at &#39;roleArn&#39; failed to satisfy constraint: Member must not be null; Value null at &#39;roleSessionName&#39; failed")
}

func TestARoleThatARoleAssumes(t *testing.T) {
	tokens := ststest.New(t)
	first := assume(t, tokens.Client(), role, "first")
	client := tokens.Client(as(first.Credentials))
	second := assume(t, client, "arn:aws:iam::333333333333:role/far", "second")
	require.Contains(t, identity(t, tokens.Client(as(second.Credentials))), "arn:aws:sts::333333333333:assumed-role/far/second")
	_, err := client.AssumeRole(t.Context(), &sts.AssumeRoleInput{RoleArn: aws.String(role), RoleSessionName: aws.String("me"), DurationSeconds: aws.Int32(3_601)})
	require.Equal(t, "ValidationError: The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining", refused(err))
	_, err = client.GetSessionToken(t.Context(), nil)
	require.Equal(t, "AccessDenied: Cannot call GetSessionToken with session credentials", refused(err))
}

func TestCredentialsExpire(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tokens := ststest.New(t)
		out, err := tokens.Client().AssumeRole(t.Context(), &sts.AssumeRoleInput{RoleArn: aws.String(role), RoleSessionName: aws.String("me"), DurationSeconds: aws.Int32(900)})
		require.NoError(t, err)
		session, err := tokens.Client().GetSessionToken(t.Context(), &sts.GetSessionTokenInput{DurationSeconds: aws.Int32(129_600)})
		require.NoError(t, err)
		require.Equal(t, time.Now().Add(time.Hour).UTC(), *session.Credentials.Expiration, "what the root user gets")
		client := tokens.Client(as(out.Credentials))
		time.Sleep(15*time.Minute - time.Second)
		require.Contains(t, identity(t, client), "assumed-role/deploy/me")
		require.Equal(t, "123456789012 arn:aws:iam::123456789012:root 123456789012", identity(t, tokens.Client(as(session.Credentials))))
		time.Sleep(time.Second)
		_, err = client.GetCallerIdentity(t.Context(), nil)
		require.Equal(t, "ExpiredToken: The security token included in the request is expired", refused(err))
		require.ErrorContains(t, err, "StatusCode: 403")
	})
}

func TestSnapshotAndReset(t *testing.T) {
	tokens := ststest.New(t)
	first := assume(t, tokens.Client(), role, "first")
	snapshot := tokens.Snapshot()
	second := assume(t, tokens.Client(), role, "second")
	require.Equal(t, 2, strings.Count(tokens.Dump(), "\n"))
	require.Contains(t, tokens.Dump(), *second.Credentials.AccessKeyId+" of arn:aws:sts::210987654321:assumed-role/deploy/second, until ")
	for range 2 {
		tokens.Restore(snapshot)
		require.Contains(t, identity(t, tokens.Client(as(first.Credentials))), "first")
		_, err := tokens.Client(as(second.Credentials)).GetCallerIdentity(t.Context(), nil)
		require.Equal(t, "InvalidClientTokenId: The security token included in the request is invalid.", refused(err))
	}
	tokens.Reset()
	require.Empty(t, tokens.Dump())
	require.Empty(t, tokens.Journal())
	require.PanicsWithValue(t, "ststest: Restore: the snapshot is of another STS", func() { tokens.Restore(ststest.New(t).Snapshot()) })
}

func TestFaults(t *testing.T) {
	tokens := ststest.New(t)
	client := tokens.Client(func(o *sts.Options) { o.RetryMaxAttempts = 1 })
	tokens.Throttle("AssumeRole")
	_, err := client.AssumeRole(t.Context(), &sts.AssumeRoleInput{RoleArn: aws.String(role), RoleSessionName: aws.String("me")})
	require.Equal(t, "Throttling: Rate exceeded", refused(err))
	tokens.Fail("", &types.RegionDisabledException{Message: aws.String("off")})
	_, err = client.AssumeRole(t.Context(), &sts.AssumeRoleInput{RoleArn: aws.String(role), RoleSessionName: aws.String("me")})
	require.ErrorAs(t, err, new(*types.RegionDisabledException))
	require.Equal(t, "Throttling", tokens.Journal()[0].Outcome)
}

func TestWireSnapshots(t *testing.T) {
	snapshot.Check(t, snapshot.Fake{
		Server:  wire.ServerOf(ststest.New(t)),
		Module:  "github.com/aws/aws-sdk-go-v2/service/sts",
		Doc:     "doc.go",
		Goldens: []string{"AssumeRole", "GetAccessKeyInfo", "GetCallerIdentity", "GetSessionToken"},
	})
}

var suite = hostile.Suite{Service: "sts", Version: "2011-06-15", Seeds: []hostile.Request{
	{Operation: "AssumeRole", Body: "RoleArn=arn:aws:iam::210987654321:role/deploy&RoleSessionName=me&DurationSeconds=900&ExternalId=e1&SourceIdentity=who"},
	{Operation: "GetAccessKeyInfo", Body: "AccessKeyId=AKIAIOSFODNN7EXAMPLE"},
	{Operation: "GetCallerIdentity", Body: ""},
	{Operation: "GetSessionToken", Body: "DurationSeconds=900"},
}}

func TestHostileRequests(t *testing.T) {
	suite.Complete(t, hostile.Fake{Server: wire.ServerOf(ststest.New(nil))})
	for i := range suite.Seeds {
		suite.Mutations(t, hostile.Fake{Server: wire.ServerOf(ststest.New(nil))}, i)
	}
}
