using System.Buffers.Binary;
using System.Text;
using Proxy.Configuration.Routes;

namespace Proxy.Host.Tests.EndToEnd;

/// <summary>What a client sends first, so that a route takes it.</summary>
/// <param name="Asks">What it sends and gets one byte for, before the rest; empty for nothing.</param>
/// <param name="Bytes">The rest.</param>
internal sealed record Opening(byte[] Asks, byte[] Bytes)
{
    /// <summary>The question of a client of PostgreSQL.</summary>
    public static readonly byte[] AskForTls = [0, 0, 0, 8, 4, 210, 22, 47];

    public bool IsPostgresByName => Asks.Length > 0;

    /// <summary>What of it a server that echoes sends back.</summary>
    public int EchoLength => Bytes.Length;

    public static Opening Of(TcpRouteMatchConfig? match) =>
        match switch
        {
            { ServerNames: [var name, ..] } => new(
                match.Protocols.Contains("Postgres") ? AskForTls : [],
                Hello(name.Replace("*", "a", StringComparison.Ordinal), match.AlpnProtocols)
            ),
            { AlpnProtocols: [_, ..] } => new([], Hello(null, match.AlpnProtocols)),
            { Protocols: [var protocol, ..] } => new([], OfProtocol(protocol)),
            _ => new([], []),
        };

    public async Task SendAsync(Stream stream, CancellationToken cancellationToken)
    {
        if (IsPostgresByName)
        {
            await stream.WriteAsync(Asks, cancellationToken);
            var answer = new byte[1];
            await stream.ReadExactlyAsync(answer, cancellationToken);
            Assert.Equal("S"u8, answer);
        }

        await stream.WriteAsync(Bytes, cancellationToken);
    }

    private static byte[] OfProtocol(string protocol) =>
        protocol switch
        {
            "Tls" => Hello(null, []),
            "Http" => "GET / HTTP/1.1\r\n\r\n"u8.ToArray(),
            "Ssh" => "SSH-2.0-test\r\n"u8.ToArray(),
            "Postgres" => Convert.FromHexString("000000090003000000"), // begins a session without TLS
            "Rdp" => Convert.FromHexString("0300000B06E00000000000"),
            "Socks5" => Convert.FromHexString("050100"),
            "Mqtt" => [.. Convert.FromHexString("100C0004"), .. "MQTT"u8, .. Convert.FromHexString("0402003C0000")],
            _ => throw new NotSupportedException($"There is no example of {protocol}."),
        };

    private static byte[] Hello(string? name, IReadOnlyList<string> alpn)
    {
        byte[] extensions =
        [
            .. name is null ? [] : Extension(0, Long([0, .. Long(Encoding.ASCII.GetBytes(name))])),
            .. alpn.Count == 0
                ? []
                : Extension(16, Long([.. alpn.SelectMany(static text => (byte[])[(byte)text.Length, .. Encoding.ASCII.GetBytes(text)])])),
        ];
        byte[] body = [3, 3, .. new byte[32], 0, 0, 2, 0x13, 1, 1, 0, .. Long(extensions)];
        return [22, 3, 1, .. Long([1, 0, .. Long(body)])];
    }

    private static byte[] Extension(byte type, byte[] content) => [0, type, .. Long(content)];

    private static byte[] Long(byte[] content)
    {
        var bytes = new byte[2 + content.Length];
        BinaryPrimitives.WriteUInt16BigEndian(bytes, (ushort)content.Length);
        content.CopyTo(bytes, 2);
        return bytes;
    }
}
