namespace Proxy.Core.Tests.Configuration;

public sealed class RootKeysTests : IDisposable
{
    private readonly ConfigDocument _document = new();

    [Theory]
    [InlineData("ReversProxy", "ReverseProxy")]
    [InlineData("Kestral", "Kestrel")]
    [InlineData("Loging", "Logging")]
    public void Check_NameCloseToAKnownSection_IsAnError(string name, string meant)
    {
        var error = Assert.Single(_document.Read($$"""{ "{{name}}": { "a": 1 } }""").Errors);

        Assert.Equal((name, $"is not a section of the proxy; did you mean '{meant}'?", 1), (error.Path, error.Message, error.Line));
    }

    [Theory]
    [InlineData("TcpRoutes")]
    [InlineData("tcproutes")]
    [InlineData("TcpEndpoints")]
    [InlineData("Routes")]
    [InlineData("Clusters")]
    public void Check_SectionOfReverseProxyAtTheRoot_IsAnError(string name)
    {
        var error = Assert.Single(_document.Read($$"""{ "{{name}}": {} }""").Errors);

        Assert.Equal((name, "belongs under ReverseProxy; move it there."), (error.Path, error.Message));
    }

    [Fact]
    public void Check_SectionOfOtherCode_IsIgnored() =>
        Assert.NotNull(_document.Read("""{ "ConnectionStrings": { "a": "b" }, "Serilog": {}, "AllowedHosts": "*" }""").Revision);

    public void Dispose() => _document.Dispose();
}
