using Proxy.Configuration.Routes;
using Proxy.Handover;

namespace Proxy.Core.Tests.Handover;

public sealed class ServedNamesTests
{
    [Theory]
    [InlineData("www.example.com", true)]
    [InlineData("WWW.Example.COM", true)]
    [InlineData("www.example.com.", true)]
    [InlineData("a.apps.example.com", true)]
    [InlineData("a.b.apps.example.com", true)]
    [InlineData("", true)] // HTTP/1.0
    [InlineData("apps.example.com", false)]
    [InlineData("xapps.example.com", false)]
    [InlineData("api.example.com", false)]
    [InlineData("a.www.example.com", false)]
    [InlineData("127.0.0.1", false)]
    [InlineData("[::1]", false)]
    [InlineData(".apps.example.com", false)]
    [InlineData("www.example.com/x", false)]
    public void Fit_Host_AsServerNames(string host, bool fits)
    {
        var names = ServedNames.Of(new() { Match = new() { ServerNames = ["WWW.example.com", "*.apps.example.com"] } });

        Assert.Equal(fits, names!.Fit(host));
    }

    [Fact]
    public void Of_RouteWithoutNames_Null()
    {
        Assert.Null(ServedNames.Of(new TcpRouteConfig()));
        Assert.Null(ServedNames.Of(new() { Match = new() { Endpoints = ["e"] } }));
    }
}
