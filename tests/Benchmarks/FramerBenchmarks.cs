using System.Text;
using BenchmarkDotNet.Attributes;
using Microsoft.Extensions.DependencyInjection;
using Proxy.Multiplexing.Framing;

namespace Proxy.Benchmarks;

/// <summary>Measures a request and the reply to it, as a multiplexer does for each exchange.</summary>
public class FramerBenchmarks
{
    private IMessageFramer _framer = null!;
    private byte[] _request = [];
    private byte[] _reply = [];

    [Params("modbus-tcp", "line", "iso8583", "http1", "resp")]
    public string Protocol { get; set; } = "";

    [GlobalSetup]
    public void Prepare()
    {
        var services = new ServiceCollection();
        services.AddLogging();
        services.AddTcpProxy();
        using var provider = services.BuildServiceProvider();
        provider.GetRequiredService<FramerRegistry>().TryFind(Protocol, out var framer);
        _framer = framer ?? throw new InvalidOperationException($"No framer is named '{Protocol}'.");
        (_request, _reply) = Protocol switch
        {
            "modbus-tcp" => ([0, 1, 0, 0, 0, 6, 1, 3, 0, 0, 0, 10], [0, 1, 0, 0, 0, 23, 1, 3, 20, .. new byte[20]]),
            "line" => ("MEASURE:VOLTAGE:DC? 10,0.001\n"u8.ToArray(), "+1.234567E+00\n"u8.ToArray()),
            "iso8583" => ([0, 200, .. new byte[200]], [0, 150, .. new byte[150]]),
            "http1" => (
                "GET /items/1 HTTP/1.1\r\nHost: example.com\r\nUser-Agent: bench\r\nAccept: */*\r\n\r\n"u8.ToArray(),
                Encoding.ASCII.GetBytes(
                    $"HTTP/1.1 200 OK\r\nServer: bench\r\nContent-Type: text/plain\r\nContent-Length: 64\r\n\r\n{new string('x', 64)}"
                )
            ),
            "resp" => (
                "*2\r\n$3\r\nGET\r\n$16\r\nkey:000000000001\r\n"u8.ToArray(),
                Encoding.ASCII.GetBytes($"$64\r\n{new string('x', 64)}\r\n")
            ),
            _ => throw new InvalidOperationException(Protocol),
        };
        if (Exchange() != _request.Length + _reply.Length)
        {
            throw new InvalidOperationException($"{Protocol}: a message is not whole.");
        }
    }

    [Benchmark]
    public int Exchange()
    {
        var request = _framer.Measure(MeasureContext.ForRequest(_request));
        var reply = _framer.Measure(MeasureContext.ForReply(_reply, _request));
        return request.Status == FrameStatus.Complete && reply.Status == FrameStatus.Complete ? request.Length + reply.Length : -1;
    }
}
