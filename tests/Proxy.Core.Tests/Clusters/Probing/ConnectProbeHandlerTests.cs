using System.Net;
using Proxy.Clusters;
using Proxy.Clusters.Probing;
using Proxy.Clusters.Resolution;
using Proxy.Connections;
using Proxy.Connections.Sockets;
using Proxy.Timing;

namespace Proxy.Core.Tests.Clusters.Probing;

public sealed class ConnectProbeHandlerTests : IDisposable
{
    private readonly DeadlineClock _clock = new(TimeProvider.System);
    private readonly HttpMessageInvoker _client;

    public ConnectProbeHandlerTests()
    {
        var factory = new SocketConnectionFactory(new BufferPool(), _clock, TimeProvider.System);
        var race = new AddressRace(factory, new DestinationResolver(TimeProvider.System), TimeProvider.System);
        _client = new HttpMessageInvoker(new ConnectProbeHandler(race, TestOpening.Create(), "c", new(), null, new Teapot()));
    }

    [Fact]
    public async Task Send_TcpUp_OkAndTheProbeLeaves()
    {
        using var server = Loopback.Listen();

        using var response = await SendAsync($"{server.Address()}/health?x=1");

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        using var accepted = await server.AcceptWithinAsync();
        Assert.Empty((await accepted.ReadToEndAsync()).Bytes);
    }

    [Fact]
    public async Task Send_TcpDown_RequestException()
    {
        using var closed = Loopback.Reserve();

        var exception = await Assert.ThrowsAsync<HttpRequestException>(() => SendAsync(closed.Address()));

        Assert.Equal(HttpRequestError.ConnectionError, exception.HttpRequestError);
    }

    [Theory]
    [InlineData("")]
    [InlineData(" with space")]
    public async Task Send_Unix_UpThenDown(string name)
    {
        var path = Loopback.NewUnixPath(name);
        using (Loopback.ListenUnix(path))
        {
            using var response = await SendAsync($"unix:{path}");
            Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        }

        await Assert.ThrowsAsync<HttpRequestException>(() => SendAsync($"unix:{path}"));
        File.Delete(path);
    }

    [Fact]
    public async Task Send_Cancelled_Cancelled()
    {
        using var server = Loopback.Listen();
        using var cancelled = new CancellationTokenSource();
        await cancelled.CancelAsync();
        using var request = new HttpRequestMessage(HttpMethod.Get, server.Address());

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => _client.SendAsync(request, cancelled.Token));
    }

    [Theory]
    [InlineData("http://127.0.0.1:1/")]
    [InlineData("https://example.com/health")]
    public async Task Send_Http_PassesOn(string address)
    {
        using var response = await SendAsync(address);

        Assert.Equal((HttpStatusCode)418, response.StatusCode);
    }

    public void Dispose()
    {
        _client.Dispose();
        _clock.Dispose();
    }

    private async Task<HttpResponseMessage> SendAsync(string address)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, address);
        return await _client.SendAsync(request, CancellationToken.None);
    }

    private sealed class Teapot : HttpMessageHandler
    {
        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken) =>
            Task.FromResult(new HttpResponseMessage((HttpStatusCode)418));
    }
}
