using System.Collections;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using OpenTelemetry;

namespace Proxy.Host.Observability.Prometheus;

/// <summary>Writes tags as labels: clean keys, escaped values, one label where cleaning made two keys the same.</summary>
internal sealed class LabelWriter
{
    private const int RememberedKeys = 1000; // instruments have few; the bound is for those that make them up
    private const string Bucket = "le";
    private readonly Dictionary<string, byte[]> _keys = new(StringComparer.Ordinal);
    private readonly List<(byte[] Key, string Original, object? Value)> _labels = [];

    /// <summary>Writes <c>a="1",b="2"</c>.</summary>
    /// <param name="to">Where to.</param>
    /// <param name="tags">What was measured with.</param>
    /// <param name="isHistogram">Then <c>le</c> is taken.</param>
    /// <param name="taken">Keys that others write.</param>
    public void Write(PooledBuffer to, ReadOnlyTagCollection tags, bool isHistogram, IReadOnlyCollection<string> taken)
    {
        _labels.Clear();
        foreach (var (key, value) in tags)
        {
            Add(key, value, isHistogram, taken);
        }

        Write(to);
    }

    /// <summary>Writes <c>a="1",b="2"</c>.</summary>
    public void Write(PooledBuffer to, IEnumerable<KeyValuePair<string, object?>> tags)
    {
        _labels.Clear();
        foreach (var (key, value) in tags)
        {
            Add(key, value, isHistogram: false, []);
        }

        Write(to);
    }

    private void Add(string key, object? value, bool isHistogram, IReadOnlyCollection<string> taken)
    {
        if ((isHistogram && key == Bucket) || (taken.Count > 0 && taken.Contains(key)))
        {
            return;
        }

        ref var clean = ref CollectionsMarshal.GetValueRefOrNullRef(_keys, key);
        if (System.Runtime.CompilerServices.Unsafe.IsNullRef(ref clean))
        {
            _labels.Add((Remember(key), key, value));
            return;
        }

        _labels.Add((clean, key, value));
    }

    private byte[] Remember(string key)
    {
        if (_keys.Count >= RememberedKeys)
        {
            _keys.Clear();
        }

        return _keys[key] = Encoding.UTF8.GetBytes(MetricNames.Sanitise(key, allowColon: false));
    }

    private void Write(PooledBuffer to)
    {
        if (Collide())
        {
            _labels.Sort(static (left, right) => string.CompareOrdinal(left.Original, right.Original));
        }

        for (var i = 0; i < _labels.Count; i++)
        {
            if (IsFirst(i))
            {
                WriteLabel(to, i);
            }
        }
    }

    private void WriteLabel(PooledBuffer to, int index)
    {
        if (index > 0)
        {
            to.Byte((byte)',');
        }

        to.Bytes(_labels[index].Key);
        to.Bytes("=\""u8);
        WriteValue(to, _labels[index].Value);
        for (var i = index + 1; i < _labels.Count; i++)
        {
            if (Same(index, i))
            {
                to.Byte((byte)';');
                WriteValue(to, _labels[i].Value);
            }
        }

        to.Byte((byte)'"');
    }

    private bool Collide()
    {
        for (var i = 1; i < _labels.Count; i++)
        {
            if (!IsFirst(i))
            {
                return true;
            }
        }

        return false;
    }

    private bool IsFirst(int index)
    {
        for (var i = 0; i < index; i++)
        {
            if (Same(i, index))
            {
                return false;
            }
        }

        return true;
    }

    private bool Same(int left, int right) => _labels[left].Key.AsSpan().SequenceEqual(_labels[right].Key);

    private static void WriteValue(PooledBuffer to, object? value)
    {
        switch (value)
        {
            case null:
                break;
            case string text:
                to.LabelText(text);
                break;
            case bool flag:
                to.Bytes(flag ? "true"u8 : "false"u8);
                break;
            case int number:
                to.Number(number);
                break;
            case long number:
                to.Number(number);
                break;
            case double number:
                to.Number(number);
                break;
            case IEnumerable array:
                to.LabelText(JsonSerializer.Serialize(array.Cast<object?>().Select(Text)));
                break;
            default:
                to.LabelText(Text(value));
                break;
        }
    }

    private static string Text(object? value) => Convert.ToString(value, CultureInfo.InvariantCulture) ?? "";
}
