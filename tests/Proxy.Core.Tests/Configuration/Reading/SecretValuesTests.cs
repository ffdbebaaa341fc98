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
    public void Use_ManyEdits_KeepsTheSecretsOfEarlierRevisions()
    {
        var secrets = new SecretValues();

        for (var edit = 0; edit < 10; edit++)
        {
            secrets.Use([$"secret-of-{edit}", "always-there"]);
        }

        Assert.All(Enumerable.Range(0, 10), edit => Assert.Equal("it is ***", Shown(secrets, $"it is secret-of-{edit}")));
        Assert.Equal("***", Shown(secrets, "always-there"));
    }

    [Fact]
    public void Use_MoreThanAreRemembered_TheOldestAreForgotten()
    {
        var secrets = new SecretValues();
        secrets.Use(["oldest-one"]);
        secrets.Use([.. Enumerable.Range(0, SecretValues.Remembered + 100).Select(static number => $"secret-{number}!")]);

        secrets.Use(["newest-one"]);

        Assert.Equal("oldest-one", Shown(secrets, "oldest-one"));
        Assert.Equal("*** ***", Shown(secrets, $"secret-0! secret-{SecretValues.Remembered + 99}!")); // all of the last edit
        secrets.Use(["newest-two"]);
        Assert.Equal("*** ***", Shown(secrets, "newest-one newest-two"));
    }

    [Fact]
    public void Use_Anything_SecretsFromElsewhereStay()
    {
        var secrets = new SecretValues(["from-elsewhere", "short"]);
        Assert.Equal("*** short", Shown(secrets, "from-elsewhere short"));

        secrets.Use(["first-one"]);

        Assert.Equal("*** ***", Shown(secrets, "from-elsewhere first-one"));
    }

    private static string Shown(SecretValues secrets, string text) => secrets.Mask.Apply(text, 100);
}
