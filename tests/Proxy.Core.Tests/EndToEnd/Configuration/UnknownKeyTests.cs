using System.Text.Json.Serialization.Metadata;
using Proxy.Core.Tests.Configuration;

namespace Proxy.Core.Tests.EndToEnd.Configuration;

/// <summary>A misspelt key is an error that names the key that was meant, in every object there is.</summary>
public sealed class UnknownKeyTests : IDisposable
{
    private readonly ConfigDocument _document = new();

    // The root has sections of others; there a misspelt one is a warning.
    public static TheoryData<string> Objects =>
        [.. ConfigKey.All.Skip(1).Where(static key => key.Type.Kind == JsonTypeInfoKind.Object).Select(static key => key.Path)];

    [Theory]
    [MemberData(nameof(Objects))]
    public void Read_MisspeltKey_SuggestsTheRightOne(string path)
    {
        var key = ConfigKey.At(path);
        foreach (var name in key.Names.Concat(key.NotYet))
        {
            foreach (var misspelt in (string[])[$"{name}{name[^1]}", name[1..], $"{name[0]}_{name[2..]}"])
            {
                var unknown = key.Child(misspelt);

                var error = Assert.Single(_document.Read(ConfigKey.Document(unknown, "null")).Errors, error => error.Path == unknown);

                Assert.Equal($"unknown key; did you mean '{name}'?", error.Message);
                Assert.Equal(1, error.Line);
            }
        }
    }

    [Theory]
    [MemberData(nameof(Objects))]
    public void Read_KeyLikeNoOther_IsAnErrorWithoutAGuess(string path)
    {
        var unknown = ConfigKey.At(path).Child("Zzzzzzzzzzzzzzz");
        foreach (var value in (string[])["null", "{}", "[]", "1", "\"\"", """{"a":{"b":1}}"""])
        {
            var error = Assert.Single(_document.Read(ConfigKey.Document(unknown, value)).Errors, error => error.Path == unknown);

            Assert.Equal("unknown key.", error.Message);
        }
    }

    [Fact]
    public void Read_MisspeltSection_IsAnErrorThatSuggestsTheRightOne()
    {
        foreach (var name in ConfigKey.At("").Names)
        {
            var result = _document.Read(ConfigKey.Document(name + name[^1], "null"));

            Assert.Null(result.Revision);
            var error = Assert.Single(result.Errors);
            Assert.Equal(name + name[^1], error.Path);
            Assert.EndsWith($"did you mean '{name}'?", error.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Read_SectionOfOthers_IsNotOurs() =>
        Assert.Empty(_document.Read("""{"ReverseProxy":{},"Telemetry":{"Level":{"Default":"x"}},"AllowedHosts":"*"}""").Warnings);

    public void Dispose() => _document.Dispose();
}
