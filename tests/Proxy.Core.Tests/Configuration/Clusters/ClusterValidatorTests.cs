namespace Proxy.Core.Tests.Configuration.Clusters;

public sealed class ClusterValidatorTests : IDisposable
{
    private readonly ConfigDocument _document = new();

    [Theory]
    [InlineData("http://127.0.0.1:1", "V1", true)]
    [InlineData("http://127.0.0.1:1", "None", false)]
    [InlineData("tcp://127.0.0.1:1", "V2", false)]
    public void Check_ProxyProtocolToHttpDestinations_Error(string address, string version, bool isWrong)
    {
        var errors = _document
            .Read(
                $$"""
                { "ReverseProxy": { "Clusters": { "c": {
                    "Tcp": { "SendProxyProtocol": "{{version}}" }, "Destinations": { "d": { "Address": "{{address}}" } } } } } }
                """
            )
            .Errors;

        Assert.Equal(isWrong ? ["ReverseProxy:Clusters:c:Tcp:SendProxyProtocol"] : [], errors.Select(static error => error.Path));
    }

    public void Dispose() => _document.Dispose();
}
