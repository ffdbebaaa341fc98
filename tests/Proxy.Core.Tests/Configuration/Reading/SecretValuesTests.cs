using System.Text.Json.Nodes;
using Proxy.Configuration;
using Proxy.Configuration.Reading;

namespace Proxy.Core.Tests.Configuration.Reading;

public sealed class SecretValuesTests
{
    [Theory]
    [InlineData("""{ "Admin": { "Url": "http://127.0.0.1:9099", "Token": "token-of-admin" } }""", "token-of-admin")]
    [InlineData("""{ "Admin": { "Token": "short" } }""", "")]
    [InlineData("""{ "Kestrel": { "Certificates": { "Default": { "Path": "path-of-file", "Password": "pass-word" } } } }""", "pass-word")]
    [InlineData(
        """{ "Kestrel": { "Certificates": { "Default": { "Password": "first-line\nsecond-line\n" } } } }""",
        "first-line,second-line"
    )]
    [InlineData(
        """{ "Channels": { "Notify": { "Http": [ { "Url": "https://me:pass%20word@h/x?key=query-value&b=1", "Secret": "of-webhook" } ] } } }""",
        "of-webhook,pass word,pass%20word,query-value"
    )]
    [InlineData(
        """{ "Admin": { "Token": "pa\"ss\\wörd/1" } }""",
        """pa"ss\wörd/1,pa\"ss\\w\u00f6rd/1,pa\"ss\\wörd/1,pa\"ss\\wörd\/1,pa\u0022ss\\w\u00F6rd/1"""
    )]
    public void Find_Document_HasItsSecrets(string document, string expected) =>
        Assert.Equal(
            expected,
            string.Join(',', SecretValues.Find(JsonNode.Parse(document)!, ProxyDocument.Secrets).Order(StringComparer.Ordinal))
        );

    [Fact]
    public void Use_NextRevision_KeepsTheSecretsOfTheOneBefore()
    {
        var secrets = new SecretValues();

        secrets.Use(["first-one"]);
        secrets.Use(["second-one"]);

        Assert.Equal("*** ***", secrets.Mask.Apply("first-one second-one", 100));
        secrets.Use(["third-one"]);
        Assert.Equal("first-one ***", secrets.Mask.Apply("first-one second-one", 100));
    }
}
