using System.Globalization;
using System.Text;

namespace Proxy.Hooks.Processes;

/// <summary>
/// A process and all its descendants on Linux: the processes in its session or group, those with its mark in their initial environment, and
/// the children of these. A descendant that changes all three and loses its parent is not found; only a control group could.
/// </summary>
internal sealed class ProcessFamily(int root, string mark, TimeProvider time)
{
    private const int MaxEnvironmentBytes = 1024 * 1024;
    private static readonly TimeSpan _limit = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan _pause = TimeSpan.FromMilliseconds(10);
    private readonly byte[] _mark = Encoding.UTF8.GetBytes(mark);

    /// <summary>Kills until no process is alive. A process that forks meanwhile is found in the next round.</summary>
    /// <returns>False if one is still alive after some seconds, which is possible only while it is blocked in the kernel.</returns>
    public async Task<bool> KillAsync()
    {
        var started = time.GetTimestamp();
        while (true)
        {
            var alive = Find();
            // The process group first: one call kills all its members, before they can fork again.
            _ = PosixSpawn.Kill(-root, PosixSpawn.SignalKill);
            foreach (var id in alive)
            {
                _ = PosixSpawn.Kill(id, PosixSpawn.SignalKill);
            }

            if (alive.Count == 0 || time.GetElapsedTime(started) > _limit)
            {
                return alive.Count == 0;
            }

            await Task.Delay(_pause, time, CancellationToken.None);
        }
    }

    /// <summary>The ids of the living processes.</summary>
    public IReadOnlySet<int> Find()
    {
        var all = Directory
            .EnumerateDirectories("/proc")
            .Select(Read)
            .OfType<Entry>()
            .Where(static entry => entry.Id != Environment.ProcessId);
        var others = all.ToList();
        var found = new HashSet<int>();
        var parents = new HashSet<int> { root };
        int before;
        do
        {
            before = found.Count;
            foreach (var entry in others.Where(entry => !found.Contains(entry.Id) && (entry.IsMember || parents.Contains(entry.Parent))))
            {
                found.Add(entry.Id);
                parents.Add(entry.Id);
            }
        } while (found.Count > before);

        return found;
    }

    // proc(5): id (name) state parent group session …; the name may contain any character.
    private Entry? Read(string directory)
    {
        if (!int.TryParse(Path.GetFileName(directory.AsSpan()), NumberStyles.None, CultureInfo.InvariantCulture, out var id))
        {
            return null;
        }

        try
        {
            var text = File.ReadAllText($"{directory}/stat");
            var fields = text[(text.LastIndexOf(')') + 2)..].Split(' ');
            var member = Number(fields[2]) == root || Number(fields[3]) == root || HasMark($"{directory}/environ");
            return fields[0] is "Z" or "X" ? null : new Entry(id, Number(fields[1]), member);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return null; // the process has ended
        }
    }

    private bool HasMark(string path)
    {
        try
        {
            using var file = File.OpenHandle(path);
            var bytes = new byte[MaxEnvironmentBytes];
            var count = 0;
            while (RandomAccess.Read(file, bytes.AsSpan(count), count) is var read and > 0)
            {
                count += read;
            }

            return bytes.AsSpan(0, count).IndexOf(_mark) >= 0;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return false; // not readable for this user, so not a descendant
        }
    }

    private static int Number(string text) => int.Parse(text, CultureInfo.InvariantCulture);

    private sealed record Entry(int Id, int Parent, bool IsMember);
}
