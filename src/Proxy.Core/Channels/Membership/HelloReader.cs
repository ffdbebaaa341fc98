using System.Buffers;
using System.IO.Pipelines;
using System.Runtime.CompilerServices;
using Proxy.Channels.Tunnel;
using Proxy.Configuration.Channels;
using Proxy.Configuration.Reading;

namespace Proxy.Channels.Membership;

/// <summary>Reads what an instance says of itself.</summary>
internal sealed class HelloReader(TunnelConnectionFactory tunnels, TimeProvider time)
{
    private static readonly TimeSpan _firstLine = TimeSpan.FromSeconds(5);

    /// <summary>Every line of an instance until its stream ends; null when it says that it leaves.</summary>
    /// <exception cref="InvalidDataException">A line is malformed, or of another instance.</exception>
    /// <exception cref="HttpRequestException">It was not reached, or did not prove that it is the one.</exception>
    /// <exception cref="IOException">It was lost.</exception>
    /// <exception cref="TimeoutException">It did not answer in time.</exception>
    public async IAsyncEnumerable<MemberRecord?> ReadAsync(
        TunnelEndPoint peer,
        string address,
        [EnumeratorCancellation] CancellationToken cancellationToken
    )
    {
        await using var stream = await tunnels.HelloAsync(peer, cancellationToken);
        var reader = PipeReader.Create(stream);
        // Only the first is waited for with a deadline: one that has nothing new to say is silent, and pings tell whether it is there.
        var first = ReadLineAsync(reader, cancellationToken).AsTask();
        var line = await first.WaitAsync(_firstLine, time, cancellationToken);
        while (line is not null)
        {
            if (!HelloLine.TryRead(line, address, out var member, out var left) && !left)
            {
                throw new InvalidDataException("what it says of itself is nothing that an instance says");
            }

            if (member is not null && !tunnels.IsProven(peer, member.Id))
            {
                throw new InvalidDataException("it says that it is another than it has proven to be");
            }

            yield return member;
            line = await ReadLineAsync(reader, cancellationToken);
        }
    }

    /// <summary>Asks a member once what it says of itself now.</summary>
    /// <returns>What it says; null when it does not answer.</returns>
    public Task<MemberRecord?> AskAsync(MemberRecord member, CancellationToken cancellationToken) =>
        HostAndPort.TryParse(member.Address, out var address)
            ? AskAsync(new TunnelEndPoint(member.Id, address, ""), member.Address, cancellationToken)
            : Task.FromResult<MemberRecord?>(null);

    /// <summary>Asks once.</summary>
    /// <returns>What it says; null when it does not answer.</returns>
    public async Task<MemberRecord?> AskAsync(TunnelEndPoint peer, string address, CancellationToken cancellationToken)
    {
        try
        {
            await using var words = ReadAsync(peer, address, cancellationToken).GetAsyncEnumerator(cancellationToken);
            return await words.MoveNextAsync() ? words.Current : null;
        }
        catch (Exception exception) when (IsAway(exception))
        {
            return null;
        }
    }

    /// <summary>Whether a failure means that there was no answer.</summary>
    public static bool IsAway(Exception exception) =>
        exception
            is HttpRequestException
                or IOException
                or TimeoutException
                or OperationCanceledException
                or InvalidOperationException
                or InvalidDataException;

    private static async ValueTask<byte[]?> ReadLineAsync(PipeReader reader, CancellationToken cancellationToken)
    {
        while (true)
        {
            var read = await reader.ReadAsync(cancellationToken);
            if (read.Buffer.PositionOf((byte)'\n') is { } end)
            {
                var line = read.Buffer.Slice(0, end).ToArray();
                reader.AdvanceTo(read.Buffer.GetPosition(1, end));
                return line;
            }

            if (read.Buffer.Length > ChannelLimits.MaxLine)
            {
                throw new InvalidDataException($"what it says of itself is longer than {ChannelLimits.MaxLine} bytes");
            }

            if (read.IsCompleted)
            {
                return null;
            }

            reader.AdvanceTo(read.Buffer.Start, read.Buffer.End);
        }
    }
}
