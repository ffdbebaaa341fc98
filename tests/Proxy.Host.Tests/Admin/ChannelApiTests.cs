using Proxy.Host.Tests.Support;

namespace Proxy.Host.Tests.Admin;

public sealed class ChannelApiTests
{
    [Fact]
    public async Task Events_HostWithoutChannelsStops_StreamEndsWithIt()
    {
        await using var host = await TestHost.StartAsync("""{ "Admin": { "Url": "http://127.0.0.1:0" } }""");
        using var http = new HttpClient { Timeout = Eventually.Limit };
        await using var stream = await http.GetStreamAsync(new Uri(host.Urls.Single(), "/api/channel-events"));
        using var reader = new StreamReader(stream);

        var stopping = host.StopAsync();

        Assert.Contains("event: close", await reader.ReadToEndAsync(), StringComparison.Ordinal); // throws if the connection is reset
        await stopping;
    }
}
