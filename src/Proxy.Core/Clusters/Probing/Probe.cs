using System.Globalization;
using Microsoft.AspNetCore.Connections;
using Proxy.Configuration.Clusters;
using Proxy.Configuration.Reading;
using Proxy.Connections;

namespace Proxy.Clusters.Probing;

/// <summary>Sends something to a destination, and judges its answer.</summary>
/// <param name="Send">What is sent; empty for nothing.</param>
/// <param name="Expect">What the answer has to contain; empty for anything.</param>
/// <param name="MinimumBytes">The least number of bytes of the answer.</param>
internal sealed record Probe(byte[] Send, byte[] Expect, int MinimumBytes)
{
    /// <summary>The probe of a cluster by YARP's metadata of it; null if it has none.</summary>
    public static Probe? Of(IReadOnlyDictionary<string, string>? metadata) =>
        metadata?.GetValueOrDefault(TcpClusterConfig.ProbeMinimumMetadata) is { } minimum
            ? new(
                Parse(metadata.GetValueOrDefault(TcpClusterConfig.ProbeSendMetadata)),
                Parse(metadata.GetValueOrDefault(TcpClusterConfig.ProbeExpectMetadata)),
                int.Parse(minimum, CultureInfo.InvariantCulture)
            )
            : null;

    /// <summary>Whether a cluster's probe is another one in other metadata.</summary>
    public static bool Differs(IReadOnlyDictionary<string, string>? one, IReadOnlyDictionary<string, string>? other) =>
        ((string[])[TcpClusterConfig.ProbeSendMetadata, TcpClusterConfig.ProbeExpectMetadata, TcpClusterConfig.ProbeMinimumMetadata]).Any(
            key => one?.GetValueOrDefault(key) != other?.GetValueOrDefault(key)
        );

    /// <summary>Runs the probe.</summary>
    /// <param name="connection">A connection to the destination, which the caller disposes.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <exception cref="IOException">The answer is not as expected; the message says how.</exception>
    public async Task RunAsync(ConnectionContext connection, CancellationToken cancellationToken)
    {
        var stream =
            (connection as TcpConnection)?.OpenStream() ?? throw new NotSupportedException("Probes need a transport of the proxy.");
        if (Send.Length > 0)
        {
            await stream.WriteAsync(Send, cancellationToken);
        }

        var buffer = new byte[ProbeConfig.MaxBytes];
        for (var read = 0; !IsAnswered(buffer.AsSpan(0, read)); )
        {
            if (read == buffer.Length)
            {
                throw new IOException($"What the probe expects is not in the first {buffer.Length} bytes of the answer.");
            }

            var count = await stream.ReadAsync(buffer.AsMemory(read), cancellationToken);
            if (count == 0)
            {
                throw new IOException($"The destination ended its answer after {read} bytes, which are not what the probe expects.");
            }

            read += count;
        }
    }

    private bool IsAnswered(ReadOnlySpan<byte> answer) => answer.Length >= MinimumBytes && answer.IndexOf(Expect) >= 0;

    private static byte[] Parse(string? text) => text is null ? [] : ByteText.Parse(text);
}
