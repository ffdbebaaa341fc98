using System.Diagnostics.CodeAnalysis;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Proxy.Clusters;
using Proxy.Clusters.Probing;
using Proxy.Clusters.Resolution;
using Yarp.ReverseProxy.Configuration;
using Yarp.ReverseProxy.Forwarder;

namespace Proxy.Core.Tests.Clusters.Probing;

public sealed class TcpAwareForwarderHttpClientFactoryTests
{
    [Theory]
    [InlineData("127.0.0.1")]
    [InlineData("127.0.0.9", "127.0.0.1")] // the first refuses
    [SuppressMessage("Reliability", "CA2025", Justification = "The task is awaited before the test ends.")]
    public async Task CreateClient_NameOfADestination_IsResolvedAsThoseOfTcpRoutes(params string[] addresses)
    {
        using var server = Loopback.Listen();
        var asked = new List<string>();
        using var client = Client(
            (host, _) =>
            {
                asked.Add(host);
                return Task.FromResult(addresses.Select(IPAddress.Parse).ToArray());
            }
        );

        var answering = AnswerAsync(server);
        using var response = await SendAsync(client, $"http://web_server.test:{server.Port()}/").WaitAsync(Eventually.Limit);

        Assert.Equal(HttpStatusCode.NoContent, response.StatusCode);
        Assert.Equal(["web_server.test"], asked);
        await answering;
    }

    [Fact]
    [SuppressMessage("Reliability", "CA2025", Justification = "The task is awaited before the test ends.")]
    public async Task CreateClient_ManyNamesHang_NoThreadOfThePoolWaits()
    {
        using var answer = new ManualResetEventSlim();
        var pooled = 0;
        var threads = new LookupThreads(
            _ =>
            {
                Interlocked.Add(ref pooled, Thread.CurrentThread.IsThreadPoolThread ? 1 : 0);
                Assert.True(answer.Wait(Eventually.Limit));
                throw new SocketException((int)SocketError.HostNotFound);
            },
            TimeProvider.System
        );
        using var client = Client((host, _) => threads.LookUpAsync(host));
        var requests = Enumerable.Range(0, 100).Select(i => SendAsync(client, $"http://hangs-{i}.test/")).ToList();

        await Task.Run(static () => { }).WaitAsync(Eventually.Limit); // the pool is free
        answer.Set();

        foreach (var request in requests)
        {
            await Assert.ThrowsAsync<HttpRequestException>(() => request.WaitAsync(Eventually.Limit));
        }

        Assert.Equal(0, pooled);
    }

    private static HttpMessageInvoker Client(Func<string, CancellationToken, Task<IPAddress[]>> lookup)
    {
        var resolver = new DestinationResolver(TimeProvider.System, lookup);
        var race = new AddressRace(new FakeDials(), resolver, TimeProvider.System);
        return new TcpAwareForwarderHttpClientFactory(race, TestOpening.Create(), resolver).CreateClient(
            new ForwarderHttpClientContext { ClusterId = "web", NewConfig = HttpClientConfig.Empty }
        );
    }

    private static async Task<HttpResponseMessage> SendAsync(HttpMessageInvoker client, string address)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, address);
        return await client.SendAsync(request, CancellationToken.None);
    }

    private static async Task AnswerAsync(Socket server)
    {
        using var accepted = await server.AcceptWithinAsync();
        var request = new byte[4096];
        Assert.NotEqual(0, await accepted.ReceiveAsync(request).WaitAsync(Eventually.Limit));
        await accepted.SendAsync(Encoding.ASCII.GetBytes("HTTP/1.1 204 No Content\r\n\r\n"));
    }
}
