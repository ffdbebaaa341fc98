using System.Runtime.CompilerServices;
using System.Text.Json;
using Proxy.Channels.Membership;

namespace Extending;

/// <summary>This instance's file, and a look at those of others every second.</summary>
internal sealed class FolderSession(DirectoryInfo folder, string id, TimeProvider time) : IMembershipSession
{
    private static readonly JsonSerializerOptions _json = new() { Converters = { new IPAddressConverter() } };
    private readonly string _own = Path.Combine(folder.FullName, $"{id}.json");

    // A rename replaces the file at once: a reader sees the old one or the new one, and no half.
    public async Task PublishAsync(MemberRecord self, CancellationToken cancellationToken)
    {
        await File.WriteAllTextAsync($"{_own}.new", JsonSerializer.Serialize(self, _json), cancellationToken);
        File.Move($"{_own}.new", _own, overwrite: true);
    }

    public async IAsyncEnumerable<MembershipUpdate> ReadAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromSeconds(1), time);
        var known = Read();
        yield return new MembershipUpdate.Full(1, [.. known.Values]);
        while (await timer.WaitForNextTickAsync(cancellationToken))
        {
            var now = Read();
            foreach (var member in now.Values.Except(known.Values))
            {
                yield return new MembershipUpdate.Changed(member);
            }

            foreach (var gone in known.Keys.Except(now.Keys))
            {
                yield return new MembershipUpdate.Gone(gone, DepartureReason.Left);
            }

            known = now;
        }
    }

    public ValueTask DisposeAsync()
    {
        File.Delete(_own);
        return ValueTask.CompletedTask;
    }

    private Dictionary<string, MemberRecord> Read() =>
        folder
            .GetFiles("*.json")
            .Where(file => file.FullName != _own)
            .Select(Read)
            .OfType<MemberRecord>()
            .ToDictionary(static member => member.Id);

    private static MemberRecord? Read(FileInfo file)
    {
        try
        {
            return JsonSerializer.Deserialize<MemberRecord>(File.ReadAllText(file.FullName), _json);
        }
        catch (FileNotFoundException)
        {
            return null; // its instance has left since the folder was listed
        }
    }
}
