using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Proxy.Host.Tests.Support;

namespace Proxy.Host.Tests.EndToEnd.Faults;

/// <summary>Clients that flood an HTTP endpoint with what HTTP/2 allows. Runs alone, because they keep all cores busy, and the host's memory is measured.</summary>
[Collection(Alone.Name)]
public sealed class Http2FloodTests : IDisposable
{
    private const byte Headers = 1;
    private const byte Reset = 3;
    private const byte Continuation = 9;
    private const byte EndStreamAndHeaders = 5;
    private const int Attackers = 8;
    private const int Most = 200_000;
    private const int MostMegabytes = 150;

    private readonly string _file = Path.GetTempFileName();

    // ":method: GET", ":scheme: http" and ":path: /" of the static table, and ":authority: x".
    private static readonly byte[] _request = [0x82, 0x86, 0x84, 0x41, 1, (byte)'x'];
    private static readonly byte[] _fields =
    [
        .. Enumerable.Repeat<byte[]>([0, 1, (byte)'a', 1, (byte)'b'], 1000).SelectMany(static field => field),
    ];

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Endpoint_RapidResetsOrEndlessHeaders_ConnectionsEndAndOthersAreServed(bool resets)
    {
        var (http, admin) = (Ports.Free(), Ports.Free());
        await File.WriteAllTextAsync(
            _file,
            $$"""
            { "Admin": { "Url": "http://127.0.0.1:{{admin}}" },
              "Kestrel": { "Endpoints": { "web": { "Url": "http://127.0.0.1:{{http}}", "Protocols": "Http2" } } },
              "ReverseProxy": {
                "Routes": { "r": { "ClusterId": "c", "Match": { "Path": "{**path}" } } },
                "Clusters": { "c": { "Destinations": { "d": { "Address": "http://127.0.0.1:{{Ports.Free()}}" } } } } } }
            """
        );
        using var process = new ProxyProcess("", "--config", _file);
        await Programs.ListensAsync(http);
        await Programs.ListensAsync(admin);
        Assert.Equal(HttpStatusCode.BadGateway, await AskAsync(http));
        var (memory, descriptors) = (await MemoryAsync(admin), await DescriptorsAsync(admin));

        var floods = Enumerable.Range(0, Attackers).Select(_ => FloodAsync(http, resets)).ToList();
        Assert.Equal(HttpStatusCode.BadGateway, await AskAsync(http));
        var sent = await Task.WhenAll(floods).WaitAsync(Eventually.Limit);

        Assert.All(sent, static count => Assert.InRange(count, 1, Most - 1)); // each was cut off
        Assert.Equal(HttpStatusCode.BadGateway, await AskAsync(http));
        Assert.InRange(await MemoryAsync(admin), 0, memory + MostMegabytes);
        await Eventually.TrueAsync(async () => await DescriptorsAsync(admin) <= descriptors + 20);
        Assert.False(process.HasExited);
    }

    public void Dispose() => File.Delete(_file);

    /// <summary>Sends until the server has ended the connection; returns how many frames.</summary>
    [SuppressMessage("Reliability", "CA2025", Justification = "Awaited after the socket was disposed, which ends it.")]
    private static async Task<int> FloodAsync(int port, bool resets)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(IPAddress.Loopback, port);
        var ended = EndAsync(socket);
        var sent = 0;
        try
        {
            await socket.SendAsync(Encoding.ASCII.GetBytes("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"));
            await socket.SendAsync(Frame(4, 0, 0, []));
            if (!resets)
            {
                await socket.SendAsync(Frame(Headers, 0, 1, _request));
            }

            for (; sent < Most && !ended.IsCompleted; sent++)
            {
                var stream = (2 * sent) + 1;
                var next = resets
                    ? [.. Frame(Headers, EndStreamAndHeaders, stream, _request), .. Frame(Reset, 0, stream, [0, 0, 0, 8])]
                    : Frame(Continuation, 0, 1, _fields);
                await socket.SendAsync(next).WaitAsync(Eventually.Limit);
            }
        }
        catch (SocketException)
        {
            // Reset.
        }
        finally
        {
            socket.Dispose();
            await ended;
        }

        return sent;
    }

    private static async Task EndAsync(Socket socket)
    {
        var buffer = new byte[65536];
        try
        {
            while (await socket.ReceiveAsync(buffer) > 0) { }
        }
        catch (Exception exception) when (exception is SocketException or ObjectDisposedException)
        {
            // Reset, or the flood is over.
        }
    }

    private static byte[] Frame(byte type, byte flags, int stream, byte[] payload)
    {
        var frame = new byte[9 + payload.Length];
        (frame[0], frame[1], frame[2]) = ((byte)(payload.Length >> 16), (byte)(payload.Length >> 8), (byte)payload.Length);
        (frame[3], frame[4]) = (type, flags);
        BinaryPrimitives.WriteInt32BigEndian(frame.AsSpan(5), stream);
        payload.CopyTo(frame, 9);
        return frame;
    }

    private static async Task<HttpStatusCode> AskAsync(int port)
    {
        using var client = new HttpClient();
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri($"http://127.0.0.1:{port}/"))
        {
            Version = HttpVersion.Version20,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
        };
        using var response = await client.SendAsync(request).WaitAsync(Eventually.Limit);
        return response.StatusCode;
    }

    private static Task<double> DescriptorsAsync(int admin) => SampleAsync(admin, "proxy_descriptors_open");

    private static async Task<double> MemoryAsync(int admin) =>
        await SampleAsync(admin, "dotnet_process_memory_working_set_bytes") / (1 << 20);

    private static async Task<double> SampleAsync(int admin, string name)
    {
        using var http = new HttpClient();
        var page = await http.GetStringAsync(new Uri($"http://127.0.0.1:{admin}/metrics"));
        var line = page.Split('\n').First(line => line.StartsWith(name, StringComparison.Ordinal));
        return double.Parse(line[(line.LastIndexOf(' ') + 1)..], CultureInfo.InvariantCulture);
    }
}
