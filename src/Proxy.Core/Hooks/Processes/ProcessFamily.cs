using System.Globalization;
using System.Text;

namespace Proxy.Hooks.Processes;

/// <summary>
/// A process and all it has started, on Linux: what is in its session or group, what has its mark in the environment it was started
/// with, and the children of those. Only what gives up all three, and loses its parent, escapes; that takes a control group to catch.
/// </summary>
internal sealed class ProcessFamily(int root, string mark, TimeProvider time)
{
    private const int MaxEnvironmentBytes = 1024 * 1024;
    private static readonly TimeSpan _limit = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan _pause = TimeSpan.FromMilliseconds(10);
    private readonly byte[] _mark = Encoding.UTF8.GetBytes(mark);

    /// <summary>Kills until none is alive: one that forks meanwhile is found by the next look.</summary>
    /// <returns>False when one is alive after seconds, which only a process that waits in the kernel can be.</returns>
    public async Task<bool> KillAsync()
    {
        var started = time.GetTimestamp();
        while (true)
        {
            var alive = Find();
            // The group first: in one step, no process of it has time to start another.
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

    /// <summary>The ids of those that are alive.</summary>
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

    // proc(5): id (name) state parent group session …; the name may hold anything.
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
            return null; // it has gone
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
            return false; // not ours to read, so not of ours
        }
    }

    private static int Number(string text) => int.Parse(text, CultureInfo.InvariantCulture);

    private sealed record Entry(int Id, int Parent, bool IsMember);
}
